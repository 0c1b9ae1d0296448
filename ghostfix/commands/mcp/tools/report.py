"""The tool ``report``: what a past repair did, or what a kept diagnosis found."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands.mcp.marked import marked
from ghostfix.commands.mcp.session import Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.model.errors import RepairError
from ghostfix.repair.journal import runs
from ghostfix.report import saved_reports


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    run: Annotated[
        str | None, Meta(description="The id of a repair or of a kept diagnosis; without it, the last one.")
    ] = None
    list: Annotated[bool, Meta(description="List the ids that there are, the oldest first.")] = False


class KnownReports(Struct, frozen=True):
    """The ids under which reports are kept."""

    ids: tuple[str, ...]


def _answer(session: Session, given: Raw) -> str:
    arguments = read(given, Arguments)
    system = session.system
    if arguments.list:
        repairs = [run.id for run in runs(system)]
        return marked(KnownReports(tuple(sorted((*repairs, *saved_reports.kept_diagnoses(system))))))
    chosen = arguments.run or saved_reports.newest(system)
    if chosen is None:
        raise RepairError("there is no repair and no kept diagnosis", "`diagnose` looks at a service now")
    return marked(saved_reports.kept_report(system, chosen))


TOOL = Tool(
    name="report",
    title="Report of a past repair",
    does="Show what a past repair did, step by step, and whether it held; or a diagnosis that was kept. "
    "Changes nothing. The answer is a ghostfix.report/1 document.",
    arguments=Arguments,
    answer=_answer,
)
