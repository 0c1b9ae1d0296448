"""Watch record: what was seen, the samples and the troubles, and the verdict on them (pure)."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.text_units import counted, lasting, listed

HISTORY = 120
"""Samples that are kept for the sparklines."""
_SEEN = 200
_PID = Pattern(r" \(pid \d+\)")
_CROWDED = 5.0
"""Seconds in which there may be one instance too many: a new one may take over from the old one."""


class Kind(Enum):
    WATCHING = "watching"
    STARTED = "started"
    ENDED = "ended"
    LEFT = "left"
    TROUBLE = "trouble"
    RELIEF = "relief"


@dataclass
class SeenInstance:
    """One thing that was seen. ``by`` is found out a moment later; None until then."""

    at: float
    kind: Kind
    text: str
    pid: int | None = None
    by: str | None = ""
    lived_s: float | None = None

    @property
    def words(self) -> str:
        return f"{self.text}, by {self.by}" if self.by else self.text


class Sample(Struct, frozen=True, kw_only=True):
    """One moment. None: not known, or not asked for."""

    at: float
    cpu_percent: float | None
    """Of one core: the instances with everything below them."""
    cpu_seconds: float
    """Used since the watch began."""
    memory_bytes: int
    own_processes: int
    processes: int
    zombies: int
    ports: Mapping[int, bool] = {}
    """The profile's ports, and whether a process listens."""
    healthy: bool | None = None


class WatchVerdict(Struct, frozen=True, kw_only=True):
    """How it went. Without problems it held."""

    seconds: float
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    """Limits that the machine is beyond at the end: that alone is no failure of the service."""
    restarts: int
    ends: int
    by: Mapping[str, int]
    """How often each starter started it."""

    @property
    def held(self) -> bool:
        return not self.problems


@dataclass
class WatchRecord:
    """Everything that a watch has seen so far."""

    service: Service
    began: float
    until: float | None
    """When it is to end; None: when the user ends it."""
    instances: tuple[Process, ...] = ()
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=HISTORY))
    seen: deque[SeenInstance] = field(default_factory=lambda: deque(maxlen=_SEEN))
    troubles: dict[str, str] = field(default_factory=dict)
    """What is wrong with the service now, by what it is about."""
    excesses: dict[str, str] = field(default_factory=dict)
    """The profile's limits that the machine is beyond now."""
    starters: Counter[str] = field(default_factory=Counter)
    starts: int = 0
    ends: int = 0
    crowded_since: float | None = None
    crowded: bool = False
    health: str = ""

    def started_by(self, starter: str) -> None:
        """Counts a start for its starter, whatever PID that has at the time."""
        self.starters[_PID.sub("", starter)] += 1

    def count(self, at: float, instances: tuple[Process, ...]) -> None:
        """Takes down who runs now."""
        self.instances = instances
        if len(instances) <= self.service.instances:
            self.crowded_since = None
            return
        self.crowded_since = at if self.crowded_since is None else self.crowded_since
        self.crowded = self.crowded or at - self.crowded_since >= _CROWDED

    def verdict(self, at: float) -> WatchVerdict:
        wanted, running = self.service.instances, len(self.instances)
        problems = []
        if self.ends:
            problems.append(self._ends())
        if running != wanted:
            problems.append(f"{counted(running, 'instance')} at the end, and not {wanted}")
        elif self.crowded:
            problems.append(f"more than {counted(wanted, 'instance')} for a while")
        problems += self.troubles.values()
        return WatchVerdict(
            seconds=at - self.began,
            problems=tuple(problems),
            warnings=tuple(self.excesses.values()),
            restarts=min(self.starts, self.ends),
            ends=self.ends,
            by=dict(self.starters),
        )

    def _ends(self) -> str:
        ended = f"it ended {times(self.ends)}"
        if not self.starts:
            return ended
        known = [f"{number} by {name}" for name, number in self.starters.most_common()]
        return f"{ended} and was started {times(self.starts)}" + (f": {listed(known)}" if known else "")


def times(number: int) -> str:
    """``never``, ``once``, ``twice``, ``3 times``."""
    return ("never", "once", "twice")[number] if number < 3 else f"{number} times"


def verdict_sentence(name: str, verdict: WatchVerdict) -> str:
    """``web held for 10 min: nothing ended, and nothing is wrong``."""
    span = lasting(verdict.seconds)
    but = f"; but {'; '.join(verdict.warnings)}" if verdict.warnings else ""
    if verdict.held:
        return f"{name} held for {span}: nothing ended, and nothing is wrong with it{but}"
    return f"{name} did not hold for {span}: {'; '.join(verdict.problems)}{but}"
