"""The tool ``diagnose``: what is wrong with a service, and why."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands.diagnoses import DiagnosisOptions, diagnoses
from ghostfix.commands.mcp.marked import marked
from ghostfix.commands.mcp.session import Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.finding import Severity
from ghostfix.report.formats.json import SEVERAL_SCHEMA, Reports
from ghostfix.report.output import Presentation
from ghostfix.report.reports import diagnosis_report

_TIMEOUT = 30.0
"""Seconds that one survey may take: assistants give up on a call after a minute."""

ServiceName = Annotated[
    str | None, Meta(description="The service's name in the profile; without it, all of them.")
]
CheckCodes = Annotated[
    tuple[str, ...], Meta(description="Only these checks; `explain` without a code lists them.")
]


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    service: ServiceName = None
    only: CheckCodes = ()
    observe_s: Annotated[
        float, Meta(ge=0, le=30, description="Also watch for so many seconds who starts the service again.")
    ] = 0.0


def _answer(session: Session, given: Raw) -> str:
    arguments = read(given, Arguments)
    options = DiagnosisOptions(
        name=arguments.service,
        config=session.config,
        only=codes(",".join(arguments.only), tuple(check.code for check in CHECKS)),
        skip=(),
        fail_on=Severity.ERROR,
        observe=arguments.observe_s or None,
        wait_healthy=0.0,
        probe_webhook=False,
        all_logs=False,
        timeout=_TIMEOUT,
        snapshot=None,
    )
    found = diagnoses(session.system, options, Presentation.of("json", None))
    reports = tuple(diagnosis_report(session.system, diagnosis) for diagnosis in found)
    return marked(reports[0] if len(reports) == 1 else Reports(SEVERAL_SCHEMA, reports))


TOOL = Tool(
    name="diagnose",
    title="Diagnose a service",
    does="Find what keeps a background service from staying up: instances, whatever restarts it, ports, PID "
    "files, environment, health, logs, resources. Says which fault is the root and which ones follow. "
    "Changes nothing. The answer is a ghostfix.report/1 document.",
    arguments=Arguments,
    answer=_answer,
)
