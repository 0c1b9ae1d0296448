"""A watch as lines, for a pipe, a log or a program: each thing that is seen, and the verdict (pure)."""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.json import encode

from ghostfix.commands.watch.record import SeenInstance, WatchVerdict, verdict_sentence


class SeenLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of ``--format jsonl``; keys are only ever added."""

    event: str
    """``watching``, ``started``, ``ended``, ``left``, ``trouble``, ``relief``."""
    at: float
    service: str
    text: str
    pid: int | None = None
    by: str | None = None
    lived_s: float | None = None


class VerdictLine(Struct, frozen=True, kw_only=True):
    """The last line."""

    event: str
    at: float
    service: str
    held: bool
    seconds: float
    restarts: int
    ends: int
    by: dict[str, int]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def seen_line(service: str, seen: SeenInstance, *, json: bool) -> str:
    """``2026-11-25T17:20:03.123Z web: pid 4711 started: python -m shop, by the loop x.sh (pid 12)``."""
    if not json:
        return f"{_time(seen.at)} {service}: {seen.words}\n"
    line = SeenLine(
        event=seen.kind.value,
        at=round(seen.at, 3),
        service=service,
        text=seen.text,
        pid=seen.pid,
        by=seen.by or None,
        lived_s=seen.lived_s,
    )
    return encode(line).decode() + "\n"


def verdict_line(service: str, verdict: WatchVerdict, at: float, *, json: bool) -> str:
    """The verdict in a sentence, or as the last JSON line."""
    if not json:
        return f"{_time(at)} {verdict_sentence(service, verdict)}\n"
    line = VerdictLine(
        event="verdict",
        at=round(at, 3),
        service=service,
        held=verdict.held,
        seconds=round(verdict.seconds, 3),
        restarts=verdict.restarts,
        ends=verdict.ends,
        by=dict(verdict.by),
        problems=verdict.problems,
        warnings=verdict.warnings,
    )
    return encode(line).decode() + "\n"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
