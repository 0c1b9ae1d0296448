"""supervisord's own log: when it spawned which process, and how each ended (``supervisor/process.py``).

    2026-11-30 20:00:00,123 WARN exited: web (exit status 4; not expected)
    2026-11-30 20:00:03,456 INFO gave up: web entered FATAL state, too many start retries too quickly

Times are local ones. A ``spawnerr:`` line has no name; ``supervisorctl status`` says the same with one.
"""

from datetime import datetime

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_LINE = Pattern(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) [A-Z]+ (spawned|exited|stopped): '?(.+?)'?"
    r" (?:with pid \d+|\((.*)\))$"
)
_DAEMON_STARTED = Pattern(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ supervisord started with pid \d+$")
_STATUS = Pattern(r"^exit status (-?\d{1,4})")
_SIGNAL = Pattern(r"^terminated by (?:SIG(\w+)|signal (\d+))")


class ProcessEvent(Struct, frozen=True, kw_only=True):
    """One line about one process."""

    at: float
    """Seconds since the epoch."""
    verb: str
    """``spawned``, ``exited``, or ``stopped`` by an order."""
    detail: str = ""
    """``exit status 4; not expected``."""

    @property
    def status(self) -> int | None:
        match = _STATUS.match(self.detail)
        return None if match is None else int(match[1])

    @property
    def signal(self) -> str | None:
        """The signal's name without SIG."""
        match = _SIGNAL.match(self.detail)
        return None if match is None else match[1] or match[2]


def events_of(text: str, process: str) -> tuple[ProcessEvent, ...]:
    """What a log says of one process, by its name without its group, since the daemon last started."""
    found: list[ProcessEvent] = []
    for line in text.splitlines():
        if _DAEMON_STARTED.match(line) is not None:
            found.clear()
        match = _LINE.match(line)
        if match is None or match[4] != process:
            continue
        moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").timestamp() + int(match[2]) / 1000
        found.append(ProcessEvent(at=moment, verb=match[3], detail=match[5] or ""))
    return tuple(found)
