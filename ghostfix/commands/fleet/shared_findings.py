"""Findings that hosts share: the same cron line on twelve hosts is one finding with twelve hosts (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from ghostfix.model.fleet import FleetHost, SharedFinding
from ghostfix.model.report import FindingReport, Report
from ghostfix.report.advice import findings

_SEVERITIES = ("error", "warning", "info")
_LONGEST = 1_000
"""Characters of a summary that are compared: it costs the square of its words, and a host may be hostile."""
_Likeness = tuple[str, ...]


def shared_findings(hosts: Iterable[FleetHost]) -> tuple[SharedFinding, ...]:
    """Every fault with the hosts that have it; the worst first, then what most hosts share."""
    groups: dict[_Likeness, list[tuple[str, Report, FindingReport]]] = {}
    for host in hosts:
        for report in host.reports:
            for finding in findings(report):
                groups.setdefault(_likeness(report, finding), []).append((host.name, report, finding))
    found = [_shared(group) for group in groups.values()]
    return tuple(sorted(found, key=_rank))


def _rank(finding: SharedFinding) -> tuple[int, int, str, str, str]:
    severity = _SEVERITIES.index(finding.severity) if finding.severity in _SEVERITIES else 0
    return (severity, -len(finding.hosts), finding.code, finding.service, finding.summary)


def _likeness(report: Report, finding: FindingReport) -> _Likeness:
    """What two findings on two hosts have in common when they are the same fault.

    Process ids and the number of a line in a crontab are each host's own. So a job is known by what it runs
    and when, a process by its command, and everything else by its name.
    """
    about = finding.subject
    names: Mapping[str, Sequence[str]] = {
        "job": _job(report, about.name),
        "process": _process(report, about.name),
        "machine": ("",),
    }
    return (report.service.name, finding.code, about.kind, *names.get(about.kind, (about.name,)))


def _job(report: Report, name: str) -> Sequence[str]:
    for job in report.restarters:
        if name in (job.id, f"{job.kind} {job.id}"):
            owner = job.id.rpartition(":")[0] if job.kind == "cron" else ""
            return (job.kind, owner, job.command, job.trigger)
    return (name,)


def _process(report: Report, name: str) -> Sequence[str]:
    """The command of the instance that has this PID; nothing for a process of which only the PID is known."""
    commands = {str(instance.pid): instance.cmdline for instance in report.instances}
    return tuple(sorted({commands.get(pid, "") for pid in name.split(",")}))


def _shared(group: Sequence[tuple[str, Report, FindingReport]]) -> SharedFinding:
    _, report, first = group[0]
    severities = {finding.severity for _, _, finding in group}
    summaries = list(dict.fromkeys(finding.summary for _, _, finding in group))
    return SharedFinding(
        code=first.code,
        severity=next((each for each in _SEVERITIES if each in severities), first.severity),
        service=report.service.name,
        subject=first.subject,
        summary=_in_common(summaries),
        hosts=tuple(dict.fromkeys(name for name, _, _ in group)),
    )


def _in_common(summaries: Sequence[str]) -> str:
    """The words that all summaries share; in the place of each host's own, such as PIDs, stands ``…``.

    Of a long summary only its beginning is kept.
    """
    common = summaries[0][:_LONGEST].split(" ")
    for summary in summaries[1:]:
        words = summary[:_LONGEST].split(" ")
        merged: list[str] = []
        for operation, start, end, _, _ in SequenceMatcher(None, common, words, autojunk=False).get_opcodes():
            kept = common[start:end] if operation == "equal" else ["…"]
            merged += kept[1:] if merged[-1:] == ["…"] and kept[:1] == ["…"] else kept
        common = merged
    return " ".join(common)
