"""pm2's own log (``pm2.log`` in its home): how each process of an application ended (``lib/God.js``).

    2026-11-30T20:41:00: PM2        | App [web:0] exited with code [4] via signal [SIGINT]
    2026-11-30T20:41:00: PM2 log: Stopping app:web id:0

Times are local ones. A process that no signal ended has SIGINT there, and one that a signal ended the code 0.
"""

from datetime import datetime

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_LINE = Pattern(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d): PM2 [^:|]*[:|] (.*)$")
_EXITED = Pattern(r"^App \[(.+):(\d+)\] exited with code \[(-?\d+)\] via signal \[(?:SIG)?(\w+)\]$")
_STOPPING = Pattern(r"^Stopping app:(.+) id:(\d+)$")
_NONE = "INT"


class ProcessExit(Struct, frozen=True, kw_only=True):
    """One line about the end of one process."""

    at: float
    """Seconds since the epoch."""
    code: int
    signal: str | None = None
    """The signal's name without SIG."""
    ordered: bool = False
    """pm2 was asked to stop it."""


def last_exit(text: str, app: str, pm_id: int | None) -> ProcessExit | None:
    """The last end of one process that a log records; None when it records none."""
    found: ProcessExit | None = None
    ordered = False
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        stopping, exited = _STOPPING.match(match[2]), _EXITED.match(match[2])
        if stopping is not None and (stopping[1], stopping[2]) == (app, str(pm_id)):
            ordered = True
        elif exited is not None and (exited[1], exited[2]) == (app, str(pm_id)):
            signal = None if exited[4] == _NONE or exited[3] != "0" else exited[4]
            at = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").timestamp()
            found = ProcessExit(at=at, code=int(exited[3]), signal=signal, ordered=ordered)
            ordered = False
    return found
