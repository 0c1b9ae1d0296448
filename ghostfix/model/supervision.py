"""Supervision: starting a command again when it fails, and giving up in time.

The words are systemd's (systemd.service(5), ``Restart=`` and ``StartLimitBurst=``): an end is clean with
status 0 or by SIGHUP, SIGINT, SIGTERM or SIGPIPE, and a crash loop ends at the start limit instead of filling
the machine.
"""

from collections.abc import Callable
from enum import Enum
from itertools import count
from typing import Protocol

from msgspec import Struct

from ghostfix.model.errors import ProfileError

_CLEAN_SIGNALS = {1: "SIGHUP", 2: "SIGINT", 13: "SIGPIPE", 15: "SIGTERM"}
_SIGNALS = {
    3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL",
    11: "SIGSEGV", 24: "SIGXCPU",
}  # fmt: skip
"""Those that have one number on Linux and on macOS."""


_SHORT_PAUSE, _PATIENCE, _LONG_PAUSE = 0.2, 10, 2.0
"""Seconds between two polls of others, how many such polls, and seconds between those after them."""


class Restart(Enum):
    ON_FAILURE = "on-failure"
    ALWAYS = "always"


class Ending(Struct, frozen=True):
    """How a process ended: with a status, or by a signal's number (0: by none)."""

    status: int
    signal: int = 0

    @property
    def clean(self) -> bool:
        return self.signal in _CLEAN_SIGNALS if self.signal else self.status == 0

    @property
    def words(self) -> str:
        if not self.signal:
            return f"with status {self.status}"
        name = _CLEAN_SIGNALS.get(self.signal) or _SIGNALS.get(self.signal)
        return f"by signal {self.signal}" if name is None else f"by {name}"


class Policy(Struct, frozen=True, kw_only=True):
    """When to start again; seconds."""

    when: Restart
    most: int = 5
    """Restarts within ``within`` seconds; one more ends it."""
    within: float = 300.0
    shortest: float = 1.0
    longest: float = 60.0

    def wants(self, ending: Ending) -> bool:
        return self.when is Restart.ALWAYS or not ending.clean

    def pause(self, restarts: list[float], now: float) -> float | None:
        """How long to wait before the next start, twice as long each time; None at the start limit.

        ``restarts`` are the times of those before; only the recent ones count.
        """
        recent = sum(now - when < self.within for when in restarts)
        if recent >= self.most:
            return None
        return min(self.longest, self.shortest * 2.0 ** min(recent, 40))


def policy_of(when: str, *, most: int, within: float, shortest: float, longest: float) -> Policy:
    """The policy that a command line asks for; raises ProfileError when its pauses are no range."""
    if longest < shortest or not within:
        raise ProfileError(
            "--backoff takes the shorter pause first, and --within some time",
            "`--backoff 1s..60s --within 5m`",
        )
    return Policy(when=Restart(when), most=most, within=within, shortest=shortest, longest=longest)


class ChildProcess(Protocol):
    """What starts the command as a child, and passes on to it the signals that ghostfix gets."""

    @property
    def stopping(self) -> bool:
        """Whether ghostfix is to stop (SIGTERM, SIGINT, SIGQUIT): what ends then is not started again."""
        ...

    def now(self) -> float: ...

    def start(self) -> int: ...

    def wait(self) -> Ending: ...

    def pause(self, seconds: float) -> None: ...


def supervise(
    child: ChildProcess, policy: Policy, others: Callable[[], str | None], log: Callable[[str], None]
) -> Ending:
    """Runs the command until it ends for good, and gives how it ended the last time.

    ``others`` says what else of the service runs; as long as something does, nothing is started beside it. It
    may be what the command has left: a daemon that it became, workers that outlive their killed parent.
    """
    restarts: list[float] = []
    while True:
        pid = child.start()
        ending = child.wait()
        if child.stopping or not policy.wants(ending):
            return ending
        pause = policy.pause(restarts, child.now())
        if pause is None:
            log(
                f"pid {pid} ended {ending.words}; it was started again {policy.most} times within "
                f"{policy.within:g} s, which is the limit, so it is not started any more"
            )
            return ending
        restarts.append(child.now())
        log(f"pid {pid} ended {ending.words}; it is started again in {pause:g} s")
        child.pause(pause)
        _wait_for(child, others, log)
        if child.stopping:
            return ending


def _wait_for(child: ChildProcess, others: Callable[[], str | None], log: Callable[[str], None]) -> None:
    """Lets those others end; logs them when that takes longer than workers need for it."""
    for poll in count():
        if child.stopping or (other := others()) is None:
            return
        if poll == _PATIENCE:
            log(f"{other}; it is started again when that has ended")
        child.pause(_SHORT_PAUSE if poll < _PATIENCE else _LONG_PAUSE)
