"""The tool ``plan_repair``: what a repair would do, and the token with which it may be done."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands import one_service
from ghostfix.commands.diagnoses import diagnose
from ghostfix.commands.mcp.marked import marked
from ghostfix.commands.mcp.session import VALID_FOR, Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.commands.mcp.tools.diagnose import CheckCodes
from ghostfix.commands.repair.repair import planned
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.presence import require_presence
from ghostfix.model.report import Report
from ghostfix.repair.execute import pin_processes
from ghostfix.report.advice import command
from ghostfix.report.reports import diagnosis_report


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    service: Annotated[
        str | None, Meta(description="The service's name in the profile; may be left out where it has one.")
    ] = None
    only: CheckCodes = ()
    no_start: Annotated[bool, Meta(description="Leave the service stopped.")] = False
    evict: Annotated[
        bool, Meta(description="Also stop strangers that hold the service's ports. Ask a person first.")
    ] = False


class PlanAnswer(Struct, frozen=True):
    """The diagnosis with its plan, and how it is carried out."""

    report: Report
    command: str
    """What a person types to do the same."""
    token: str | None
    """What ``apply_repair`` takes; null where there is nothing to do, or where the server may not act."""
    valid_for_s: float | None


def _answer(session: Session, given: Raw) -> str:
    arguments = read(given, Arguments)
    system = session.system
    chosen = codes(",".join(arguments.only), tuple(check.code for check in CHECKS))
    service = one_service(system, arguments.service, session.config, "repair")
    diagnosis = diagnose(
        system, service, only=chosen, progress=lambda source: session.say(f"looking at {source}")
    )
    require_presence(diagnosis)
    only = ",".join(arguments.only)
    plan = planned(diagnosis, session.config, only=only, no_start=arguments.no_start, evict=arguments.evict)
    report = diagnosis_report(system, diagnosis, plan=plan)
    may = session.allow_repair and bool(plan.steps)
    token = session.keep(diagnosis, plan) if may else None
    if may:
        pin_processes(system, plan)
    name, *given_options = plan.asked
    typed = command(name, service.name, service.profile, *given_options)
    return marked(PlanAnswer(report, typed, token, VALID_FOR if may else None))


TOOL = Tool(
    name="plan_repair",
    title="Plan a repair",
    does="Diagnose one service and say step by step what a repair would do, and what it would leave alone. "
    "Changes nothing. Show the steps to a person before they are carried out. The answer has the report with "
    "its plan, the command with which a person does it, and, where this server may act, a token for "
    "`apply_repair`.",
    arguments=Arguments,
    answer=_answer,
)
