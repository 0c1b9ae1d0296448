"""Timeline: what happened when, as far as a report knows it (pure)."""

from datetime import UTC, datetime

from msgspec import Struct

from ghostfix.model.report import Report
from ghostfix.model.text_units import spoken


class Moment(Struct, frozen=True, kw_only=True):
    """One thing that happened. ``until`` is its end, or when it happened for the last time."""

    at: float
    until: float | None = None
    kind: str
    """``instance``, ``step``, or the kind of an event of the report."""
    state: str = ""
    """Of a step: what became of it."""
    text: str
    times: tuple[float, ...] = ()
    """Each time that it happened, when that is known of something that happened more than once."""


class Timeline(Struct, frozen=True, kw_only=True):
    """All moments, the oldest first, up to ``now``: when the machine was surveyed."""

    moments: tuple[Moment, ...]
    now: float


def seconds_at(moment: str) -> float:
    """Seconds since the epoch of a report's time, ISO 8601 in UTC."""
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def timeline(report: Report) -> Timeline:
    """Starts of instances, tracebacks, respawns, the times when jobs were due, and the steps of a repair."""
    now = seconds_at(report.taken_at)
    moments = [
        Moment(at=one.started, until=max(now, one.started), kind="instance", text=f"pid {one.pid} runs")
        for one in report.instances
        if one.started > 0
    ]
    moments += [
        Moment(at=event.at, until=event.until, kind=event.kind, text=event.text, times=event.times)
        for event in report.events
    ]
    entries = () if report.run is None else report.run.entries
    moments += [
        Moment(
            at=entry.at,
            kind="step",
            state=entry.state,
            text=f"{entry.n}. {entry.kind}: {spoken(entry.state)}",
        )
        for entry in entries
        if entry.at is not None
    ]
    moments.sort(key=lambda moment: moment.at)
    latest = max((moment.until or moment.at for moment in moments), default=now)
    return Timeline(moments=tuple(moments), now=max(now, latest))
