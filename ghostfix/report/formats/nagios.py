"""Nagios: a diagnosis in one line, as Nagios, Icinga, Naemon, Checkmk and their like expect it of a plugin.

The line, its performance data and the exit codes are those of the Monitoring Plugins Development Guidelines
(https://www.monitoring-plugins.org/doc/guidelines.html): the state, a text, a bar, and ``'label'=value`` with
unit, limits and bounds. The exit code is the state's, not that of the other formats.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum

from ghostfix.model.pattern import Pattern
from ghostfix.model.report import Metrics, Report, Verdict
from ghostfix.model.safe_text import safe
from ghostfix.report.advice import findings
from ghostfix.report.cause_chains import chains
from ghostfix.report.headline import tally
from ghostfix.report.output_options import Layout

_LONGEST = 800
"""Characters of the text. What is longer is cut off by some: NRPE 2 carries 1,024 bytes."""
_NOT_IN_A_LABEL = Pattern(r"[^\w.-]")


class State(IntEnum):
    """The states of a service, with the exit codes that say so."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_WORST_FIRST = (State.CRITICAL, State.WARNING, State.UNKNOWN, State.OK)


def worst_state(states: Sequence[State]) -> State:
    """The state of several together: what is known to be ill counts more than what is not known."""
    return min(states, key=_WORST_FIRST.index, default=State.UNKNOWN)


def state_of(report: Report) -> State:
    """Errors are critical; what could not be looked at is unknown, unless something is found all the same."""
    severities = {finding.severity for finding in findings(report)}
    if "error" in severities or report.verdict is Verdict.DOWN:
        return State.CRITICAL
    if "warning" in severities:
        return State.WARNING
    blind = any(result.unread or result.outcome == "crashed" for result in report.results)
    return State.UNKNOWN if blind or report.verdict is Verdict.UNKNOWN else State.OK


def exit_code(reports: Sequence[Report]) -> int:
    """The exit code of the worst service."""
    return worst_state([state_of(report) for report in reports])


def render(report: Report, layout: Layout | None = None) -> str:
    """The report in one line."""
    return render_all((report,), layout)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:  # noqa: ARG001 -- no layout
    """Several reports in one line; the data of each has its service's name before it."""
    several = len(reports) > 1
    said = "; ".join(_said(report, with_state=several) for report in reports)
    data = [
        datum for report in reports for datum in _data(report, f"{report.service.name}_" if several else "")
    ]
    return line(worst_state([state_of(report) for report in reports]), said, data)


def line(state: State, said: str, data: Sequence[str] = ()) -> str:
    """What a plugin prints; a bar in the text would begin the data."""
    text = f"GHOSTFIX {state.name} - {safe(said, _LONGEST).replace('|', '/')}"
    return f"{text} | {' '.join(data)}\n" if data else f"{text}\n"


def datum(label: str, value: float, *, unit: str = "", limit: float | None = None) -> str:
    """One piece of performance data; what is above ``limit`` is critical."""
    name = _NOT_IN_A_LABEL.sub("_", safe(label, 100))
    critical = "" if limit is None else _number(limit)
    return f"'{name}'={_number(value)}{unit};;{critical};0"


def _number(value: float) -> str:
    """Digits and a point alone: an exponent is none of the guidelines' numbers."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _said(report: Report, *, with_state: bool) -> str:
    found = chains(report.causes)
    root = " -> ".join(link.short for link in found[0]) if found else ""
    unread = [result.check for result in report.results if result.unread or result.outcome == "crashed"]
    parts = [
        f"{report.service.name} is {report.verdict.value}",
        tally(report),
        root or next((finding.summary for finding in findings(report)), ""),
        f"no answer of {', '.join(unread)}" if unread else "",
    ]
    text = ": ".join(filter(None, parts[:2])) + "".join(f", {part}" for part in parts[2:] if part)
    return f"{state_of(report).name} {text}" if with_state else text


def _data(report: Report, before: str) -> Iterator[str]:
    severities = [finding.severity for finding in findings(report)]
    yield datum(f"{before}instances", len(report.instances))
    yield datum(f"{before}errors", severities.count("error"), limit=0)
    yield datum(f"{before}warnings", severities.count("warning"))
    yield datum(f"{before}unread", sum(result.unread for result in report.results))
    starts = [end.starts for end in report.ends if end.starts is not None]
    if starts:
        yield datum(f"{before}restarts", sum(starts), unit="c")
    yield from _machine(report.metrics, before)


def _machine(metrics: Metrics, before: str) -> Iterator[str]:
    if metrics.cpu_load is not None:
        yield datum(f"{before}load", metrics.cpu_load, limit=metrics.load_limit)
    if metrics.memory_percent is not None:
        yield datum(f"{before}memory", metrics.memory_percent, unit="%", limit=metrics.memory_limit)
    if metrics.disk_percent is not None:
        yield datum(f"{before}disk", metrics.disk_percent, unit="%", limit=metrics.disk_limit)
    if metrics.process_count is not None:
        yield datum(f"{before}processes", metrics.process_count, limit=metrics.process_limit)
