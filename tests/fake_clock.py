"""The ground floor of the in-memory machine: who asks, what time it is, and what was done to it."""

from collections.abc import Callable

from msgspec import Struct

from ghostfix.managers.register import SIGNS
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.snapshot import Host

START = 1_772_442_060.0
"""When the clock of an in-memory machine starts: 2026-03-02 09:01:00 UTC, a Monday."""
_TICK = 0.1
_UP_SINCE = 3 * 86_400.0


class Act(Struct, frozen=True):
    """One act on the machine: what was done (``signal``, ``spawn``, ``replace``, ...), to what, and how."""

    act: str
    subject: str
    detail: str = ""


class FakeClock:
    """Knows its caller; its time passes only when somebody waits."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        self._platform = platform
        self._caller = caller or default_caller(platform)
        self._started = now
        self._passed = 0.0
        self.boot_id = "5c0b7b1e-first"
        self.acts: list[Act] = []
        """Every act, in order; whoever only looked left it empty."""
        self.variables: dict[str, str] = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        self.users: dict[int, str] = {0: "root", self._caller.uid: self._caller.user}
        self.hostname = "ghost-house"
        self.on_wait: list[Callable[[float], None]] = []
        """Called with the seconds of each wait, before they pass."""
        self.after_each_tick: list[Callable[[], None]] = []
        """Called each time that the clock has gone on by at most a tenth of a second."""

    @property
    def platform(self) -> Platform:
        return self._platform

    @property
    def managers(self) -> tuple[ManagerSigns, ...]:
        return SIGNS

    def caller(self) -> Caller:
        return self._caller

    def host(self) -> Host:
        return Host(
            hostname=self.hostname,
            platform=self._platform.value,
            python="3.12.4",
            boot_time=self._started - _UP_SINCE,
            user=self._caller.user,
            uid=self._caller.uid,
        )

    def boot(self) -> str:
        return self.boot_id

    def now(self) -> float:
        return self._started + self._passed

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def wait(self, seconds: float) -> None:
        for waits in tuple(self.on_wait):
            waits(seconds)
        self._let_pass(seconds)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def _let_pass(self, seconds: float) -> None:
        ticks = round(max(seconds, 0.0) / _TICK)
        end = self._passed + max(seconds, 0.0)
        for number in range(ticks):
            self._passed = end - (ticks - 1 - number) * _TICK
            for tick in tuple(self.after_each_tick):
                tick()
        self._passed = end

    def _wait_until(self, met: Callable[[], bool], seconds: float) -> bool:
        """Lets at most so much time pass until the condition is met; says whether it is."""
        deadline = self._passed + seconds
        while not met():
            left = deadline - self._passed
            if left <= 1e-9:
                return False
            self._let_pass(min(_TICK, left))
        return True

    def _did(self, act: str, subject: str, detail: str = "") -> None:
        self.acts.append(Act(act, subject, detail))


def default_caller(platform: Platform, user: str = "ghost") -> Caller:
    """An ordinary user at a shell that was reached over ssh; with ``user="root"``, root at it."""
    linux = platform is Platform.LINUX
    root = user == "root"
    home = ("/root" if linux else "/var/root") if root else f"{'/home' if linux else '/Users'}/{user}"
    return Caller(
        uid=0 if root else 1000 if linux else 501,
        gid=0 if root else 1000 if linux else 20,
        user=user,
        home=home,
        cwd=home,
        pid=30003,
        ancestors=(30002, 30001, 1),
    )
