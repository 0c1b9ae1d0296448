"""The tool ``apply_repair``: carries out the plan that was shown, and watches it hold."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands.carry_out import ExecutionOptions, keep, verified
from ghostfix.commands.mcp.marked import marked
from ghostfix.commands.mcp.session import Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.model.errors import RepairError
from ghostfix.repair.execute import execute
from ghostfix.report.reports import repair_report
from ghostfix.service import profile


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(description="The token of the plan, from `plan_repair`.")]
    hold_for_s: Annotated[
        float, Meta(ge=0, le=300, description="For how many seconds the repair is watched.")
    ] = 30.0


def _answer(session: Session, given: Raw) -> str:
    arguments = read(given, Arguments)
    system = session.system
    shown = session.take(arguments.token)
    service = shown.diagnosis.service
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    starts = "--no-start" not in shown.plan.asked
    options = ExecutionOptions(yes=True, watch_for=arguments.hold_for_s if starts else 0.0)
    total = len(shown.plan.steps)
    run = execute(
        system,
        shown.plan,
        service,
        progress=lambda entry: session.say(f"step {entry.n} of {total}, {entry.kind}: {entry.state.value}"),
    )
    verification, code = verified(
        system, run, service, options, lambda passed: session.say(f"watching it hold: {passed:.0f} s")
    )
    system.unpin()
    unkept = keep(system, run, repair_report(shown.diagnosis, shown.plan, run, verification, code))
    notes = [f"the repair stopped: {run.problem}"] if run.problem is not None else []
    notes += [f"the report was not kept: {unkept}"] if unkept is not None else []
    return marked(repair_report(shown.diagnosis, shown.plan, run, verification, code, notes=tuple(notes)))


TOOL = Tool(
    name="apply_repair",
    title="Carry a repair out",
    does="Carry out the plan of this token, exactly as it was shown, and watch the service hold. Each step "
    "checks that the machine is still as the plan saw it, is journaled, and can be taken back by a person "
    "with `ghostfix undo RUN`. Call it only when a person has seen the plan and wants it.",
    arguments=Arguments,
    answer=_answer,
    acts=True,
)
