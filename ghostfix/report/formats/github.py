"""GitHub: workflow commands that become annotations of a run."""

import posixpath
from collections.abc import Iterable, Sequence

from ghostfix.model.report import FindingReport, Report, ResultReport
from ghostfix.report.advice import findings
from ghostfix.report.output_options import Layout
from ghostfix.report.safe_stream import OwnCommands

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, layout: Layout | None = None) -> str:
    """One annotation a finding, one for each check without an answer, and the verdict."""
    workspace = "" if layout is None else layout.workspace
    lines = [_finding(finding, workspace) for finding in findings(report)]
    lines += _unread(report.results)
    verdict = f"{report.service.name}: {report.verdict.value}, exit code {report.exit_code}"
    return OwnCommands("\n".join((*lines, f"ghostfix: {_plain(verdict)}\n")))


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:
    """The annotations of several reports."""
    return OwnCommands("".join(render(report, layout) for report in reports))


def command(level: str, message: str, **properties: str) -> str:
    """A workflow command: ``::error file=app.py,line=1::message``; nothing in it can end it or begin one."""
    parameters = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level}{' ' if parameters else ''}{parameters}::{_data(message)}"


def _finding(finding: FindingReport, workspace: str) -> str:
    place = next((evidence for evidence in finding.evidence if evidence.file), None)
    file = "" if place is None or place.file is None else _within(place.file, workspace)
    line = "" if place is None or place.line is None else str(place.line)
    evidence = [f"- {one.file + ': ' if one.file else ''}{one.text}" for one in finding.evidence]
    doubt = [f"Not certain: {finding.doubt}"] if finding.doubt else []
    message = "\n".join((finding.summary, finding.cause, *doubt, *evidence))
    return command(_LEVELS[finding.severity], message, file=file, line=line, title=f"ghostfix {finding.code}")


def _unread(results: Iterable[ResultReport]) -> Iterable[str]:
    for result in results:
        if result.unread or result.outcome == "crashed":
            what = "could not look" if result.unread else "failed itself"
            yield command("warning", f"{what}: {result.reason or ''}", title=f"ghostfix {result.check}")


def _within(file: str, workspace: str) -> str:
    """The path as the workflow's repository knows it; outside of it, the whole path."""
    inside = (
        workspace and posixpath.commonpath((file, workspace)) == workspace if file.startswith("/") else False
    )
    return posixpath.relpath(file, workspace) if inside else file


def _plain(text: str) -> str:
    """A line that is no command, whatever a service is called."""
    return _data(text).replace("::", ": :")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
