"""A host's answer, read into what is known of that host (pure).

The answer comes from another machine, which may lie: it is validated, and no control character of it
reaches a terminal.
"""

from collections.abc import Mapping, Sequence

import msgspec

from ghostfix.model.errors import ExitCode, worst
from ghostfix.model.fleet import EntryOfUndo, FleetHost, HostState, worst_verdict
from ghostfix.model.fleet_play import AnswerKind, HostAnswer, ModuleResult
from ghostfix.model.report import Report, RunReport
from ghostfix.model.safe_text import safe, written_out
from ghostfix.report.formats.json import Reports

_LONGEST = 600
_DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# How Ansible begins what it says about a connection, before the part that says something.
_PREFACES = ("can be reached over ssh: ", "Failed to connect to the host via ssh: ")
_DID_NOT_RUN = ("MODULE FAILURE", "Module result deserialization failed")
_FAILED_TASK = ("Task failed: ", "Module failed: ", "Action failed: ")
_NOT_READABLE = "what it answered is not a report of this version"
LONGEST_NAME = 255
"""Characters of a host's name that are shown: as long as a name in the DNS may be."""
_CODES_OF_REPORTS = frozenset(
    {
        ExitCode.HEALTHY,
        ExitCode.FINDINGS,
        ExitCode.COULD_NOT_LOOK,
        ExitCode.REPAIR_INCOMPLETE,
        ExitCode.NOT_HELD,
        ExitCode.INTERNAL,
    }
)


def seen_host(answer: HostAnswer) -> FleetHost:
    """What a survey of a host gave."""
    reports = _reports(answer.result.text)
    if answer.kind is AnswerKind.UNREACHABLE:
        return unseen_host(answer.host, _reason(answer), HostState.UNREACHABLE)
    if reports:
        return _of_reports(answer, HostState.SEEN, reports)
    if answer.kind is AnswerKind.FAILED:
        return unseen_host(answer.host, _reason(answer))
    if not _is_of_an_undo(answer.result):
        return unseen_host(answer.host, _NOT_READABLE)
    return _undone(answer, HostState.SEEN)


def acted_host(answer: HostAnswer, before: FleetHost) -> FleetHost:
    """What a repair, or an undo, of a host gave; ``before`` is what the survey of it gave."""
    reports = _reports(answer.result.text)
    if reports:
        return _of_reports(answer, HostState.DONE, reports)
    if _is_of_an_undo(answer.result) and (answer.kind is AnswerKind.OK or answer.result.entries is not None):
        return _undone(answer, HostState.DONE)
    reason = _NOT_READABLE if answer.kind is AnswerKind.OK else _reason(answer)
    return lost_host(before, reason, answer.result.run_id, answer.result.exit_code)


def lost_host(
    before: FleetHost, reason: str, run: str | None = None, exit_code: int | None = None
) -> FleetHost:
    """A host that did not come to the end of its repair."""
    refused = run is None and exit_code in (ExitCode.REPAIR_INCOMPLETE, ExitCode.USAGE)
    return msgspec.structs.replace(
        before,
        # What ghostfix itself refused was not begun; after any other end there may be a journal.
        state=HostState.FAILED if refused else HostState.LOST,
        exit_code=ExitCode.REPAIR_INCOMPLETE,
        reason=reason,
        run=run if run is None else safe(run, 60),
        changed=not refused,
        verdict=None if not refused else before.verdict,
    )


def spared_host(before: FleetHost, reason: str) -> FleetHost:
    """A host whose turn did not come."""
    return msgspec.structs.replace(
        before,
        state=HostState.SPARED,
        exit_code=ExitCode.REPAIR_INCOMPLETE,
        reason=reason,
        changed=False,
    )


def _of_reports(answer: HostAnswer, state: HostState, reports: Sequence[Report]) -> FleetHost:
    result = answer.result
    run = result.run_id or next((report.run.id for report in reports if report.run and report.run.id), None)
    return FleetHost(
        name=safe(answer.host, LONGEST_NAME),
        state=state,
        exit_code=worst(report.exit_code for report in reports),
        verdict=worst_verdict([report.verdict for report in reports]),
        changed=result.changed,
        run=None if run is None else safe(run, 60),
        reports=tuple(reports),
    )


def _is_of_an_undo(result: ModuleResult) -> bool:
    """The module for undo has no report, and always an exit code; an answer without either is none."""
    return result.text is None and result.exit_code is not None


def _undone(answer: HostAnswer, state: HostState) -> FleetHost:
    result = answer.result
    entries = [
        EntryOfUndo(
            n=entry.n,
            kind=safe(entry.kind, 60),
            state=safe(entry.state, 30),
            detail=safe(entry.detail, _LONGEST),
            preview=safe(entry.preview, _LONGEST),
        )
        for entry in result.entries or ()
    ]
    failed = answer.kind is AnswerKind.FAILED
    return FleetHost(
        name=safe(answer.host, LONGEST_NAME),
        state=state,
        exit_code=ExitCode.REPAIR_INCOMPLETE if failed else ExitCode.HEALTHY,
        reason=_reason(answer) if failed else None,
        changed=result.changed,
        run=None if result.run_id is None else safe(result.run_id, 60),
        undone=tuple(entries),
    )


def unseen_host(name: str, reason: str, state: HostState = HostState.FAILED) -> FleetHost:
    """A host of which nothing is known, and why."""
    return FleetHost(
        name=safe(name, LONGEST_NAME),
        state=state,
        exit_code=ExitCode.COULD_NOT_LOOK,
        reason=reason,
    )


def _reports(text: str | None) -> tuple[Report, ...]:
    """The reports in a document; none when it is none, or of another version."""
    if text is None:
        return ()
    try:
        document = _safe(msgspec.json.decode(text))
        several = isinstance(document, Mapping) and "reports" in document
        found = (
            msgspec.convert(document, Reports).reports if several else (msgspec.convert(document, Report),)
        )
    except _DAMAGED:
        return ()
    return tuple(_checked(report) for report in found)


def _checked(report: Report) -> Report:
    """The report with an exit code that is one, and a run whose id is one line."""
    code = report.exit_code if report.exit_code in _CODES_OF_REPORTS else ExitCode.INTERNAL.value
    run = report.run
    if run is not None and run.id:
        run = RunReport(id=safe(run.id, 60), dry_run=run.dry_run, entries=run.entries)
    return msgspec.structs.replace(report, exit_code=code, run=run)


def _safe(value: object) -> object:
    """The same document without control characters in its texts."""
    if isinstance(value, str):
        return written_out(value)
    if isinstance(value, list):
        return [_safe(each) for each in value]
    if isinstance(value, dict):
        return {key: _safe(each) for key, each in value.items()}
    return value


def _reason(answer: HostAnswer) -> str:
    """What Ansible says went wrong, in one line, without what it says each time."""
    text = _words(answer.result)
    for preface in _FAILED_TASK:
        text = text.removeprefix(preface)
    for preface in _PREFACES:
        text = text.rpartition(preface)[2] if preface in text else text
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    said = [line for line in lines if not line.startswith(("Warning: Permanently added", "@@@"))]
    if any(line.startswith("Traceback (most recent call last)") for line in said):
        said = said[-1:]  # Python says last what is wrong
    return safe("; ".join((said or lines)[:3]) or "it gave no reason", _LONGEST)


def _words(result: ModuleResult) -> str:
    """The message; what the host printed instead, where the module did not come to run."""
    printed = result.module_stderr.strip() or result.module_stdout.strip()
    did_not_run = not result.msg or any(sign in result.msg for sign in _DID_NOT_RUN)
    return printed if printed and did_not_run else result.msg
