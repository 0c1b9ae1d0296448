"""OpenMetrics: a diagnosis as numbers, for node_exporter's textfile collector and its like.

The names begin with ``ghostfix_diagnosis``, so that they stand beside those of ``ghostfix watch --metrics``.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ghostfix.model.report import EndReport, Report, Verdict
from ghostfix.report.advice import findings
from ghostfix.report.metric_family import END, family
from ghostfix.report.output_options import Layout

_SEVERITIES = ("info", "warning", "error")
Row = tuple[dict[str, str], Report]
"""A report, and the labels of all that is said of it."""
Samples = list[tuple[Mapping[str, str], float]]


def render(report: Report, layout: Layout | None = None) -> str:
    """The report as one document."""
    return render_all((report,), layout)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:  # noqa: ARG001 -- no layout
    """Several reports as one document: a family is written once, with the samples of every service."""
    rows = [({"service": report.service.name}, report) for report in reports]
    return "\n".join((*families(rows), END))


def families(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of all families of these reports."""
    yield from family(
        "diagnosis_verdict",
        "gauge",
        "1 for the verdict on the service, 0 for the others.",
        [
            (labels | {"verdict": verdict.value}, int(report.verdict is verdict))
            for labels, report in rows
            for verdict in Verdict
        ],
    )
    yield from family(
        "diagnosis_time_seconds",
        "gauge",
        "When the machine was looked at, since the epoch.",
        [(labels, datetime.fromisoformat(report.taken_at).timestamp()) for labels, report in rows],
        unit="seconds",
    )
    yield from family(
        "diagnosis_findings",
        "gauge",
        "Findings of each check; left out where the check has no answer.",
        [
            (labels | {"code": result.check}, len(result.findings))
            for labels, report in rows
            for result in report.results
            if result.outcome in ("clear", "found")
        ],
    )
    yield from family(
        "diagnosis_findings_by_severity", "gauge", "Findings of each severity.", _by_severity(rows)
    )
    yield from family(
        "diagnosis_unread_checks",
        "gauge",
        "Checks without an answer, because what they need could not be read.",
        [(labels, sum(result.unread for result in report.results)) for labels, report in rows],
    )
    yield from family(
        "diagnosis_instances",
        "gauge",
        "Instances that run.",
        [(labels, len(report.instances)) for labels, report in rows],
    )
    yield from family(
        "diagnosis_restarters", "gauge", "Jobs that would start the service, by manager.", _restarters(rows)
    )
    yield from _ends([(_of_job(labels, end), end) for labels, report in rows for end in report.ends])


def _ends(ends: Sequence[tuple[dict[str, str], EndReport]]) -> Iterator[str]:
    """What the managers keep of how their jobs ended."""
    yield from family(
        "diagnosis_restarts",
        "gauge",
        "How often the manager has started the job again, by its own count.",
        [(labels, end.starts) for labels, end in ends if end.starts is not None],
    )
    yield from family(
        "diagnosis_last_exit_code",
        "gauge",
        "With what the job exited last.",
        [(labels, end.status) for labels, end in ends if end.status is not None],
    )
    yield from family(
        "diagnosis_last_signal",
        "gauge",
        "1 for the signal that ended the job last.",
        [(labels | {"signal": end.signal}, 1) for labels, end in ends if end.signal is not None],
    )
    yield from family(
        "diagnosis_last_end_seconds",
        "gauge",
        "When the job ended last, since the epoch.",
        [(labels, float(end.at)) for labels, end in ends if end.at is not None],
        unit="seconds",
    )


def _by_severity(rows: Sequence[Row]) -> Samples:
    counted = [(labels, Counter(each.severity for each in findings(report))) for labels, report in rows]
    return [
        (labels | {"severity": severity}, number[severity])
        for labels, number in counted
        for severity in _SEVERITIES
    ]


def _restarters(rows: Sequence[Row]) -> Samples:
    counted = [(labels, Counter(each.kind for each in report.restarters)) for labels, report in rows]
    return [
        (labels | {"manager": kind}, number)
        for labels, kinds in counted
        for kind, number in sorted(kinds.items())
    ]


def _of_job(labels: dict[str, str], end: EndReport) -> dict[str, str]:
    return labels | {"manager": end.manager, "job": end.job, "scope": end.scope}
