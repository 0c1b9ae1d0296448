"""The last lines of the files to which a manager sends what its jobs print."""

from collections.abc import Iterable

from msgspec import Struct

from ghostfix.model.last_end import LastLine
from ghostfix.model.machine import System
from ghostfix.model.snapshot import FileKind

LINES = 40
"""So many last lines are kept: a stack trace is among them whole."""
_BYTES = 16 * 1024
_WIDTH = 1000
_EARLY = 1.0
"""Seconds by which a file may seem older than the start: each rounds in its own way."""


class LogTail(Struct, frozen=True):
    """The last lines of a log, and its path; no path where there is no line."""

    lines: tuple[LastLine, ...] = ()
    log: str | None = None


def tail_text(system: System, path: str, limit: int = _BYTES) -> str:
    """The end of a file, from a whole line on; empty where it is not there or cannot be read."""
    target = system.resolve(path)
    status = system.status(target).value
    if status is None or status.kind is not FileKind.REGULAR:
        return ""
    start = max(0, status.size - limit)
    text = system.read(target, limit, start).value.decode(errors="backslashreplace")
    return text.partition("\n")[2] if start else text


def last_lines(system: System, paths: Iterable[str], since: float | None = None) -> LogTail:
    """The last lines of the first of these files that has any from the job's last life.

    A file that was last written before ``since``, the start of that life, has none.
    """
    for path in paths:
        status = system.status(system.resolve(path)).value
        if status is None or (since is not None and status.modified < since - _EARLY):
            continue
        kept = kept_lines(tail_text(system, path))
        if kept:
            return LogTail(kept, path)
    return LogTail()


def kept_lines(text: str) -> tuple[LastLine, ...]:
    """The last lines of a text that say anything, each cut to a bounded width."""
    said = [line.rstrip("\r\n")[:_WIDTH] for line in text.split("\n") if line.strip()]
    return tuple(LastLine(line) for line in said[-LINES:])
