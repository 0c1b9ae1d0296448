"""Restarting the service through the supervisord program that its profile names as its manager."""

from typing import ClassVar

from ghostfix.managers.supervisord.daemon import (
    EVERY,
    ProgramProcess,
    command,
    complaint,
    daemon_with,
    states,
)
from ghostfix.managers.supervisord.hold_program import processes_of
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded

_SECONDS = 120.0
_SETTLED = 2.0
_LOOK_EVERY = 0.4


class RestartSupervisorProgram(Step, frozen=True, kw_only=True, tag="restart-supervisor-program"):
    """``supervisorctl restart``: supervisord ends the program's processes, and starts them afresh."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "restart the service's own supervisord program"

    program: str
    config: str
    """The configuration that its supervisord was started with."""

    def preview(self) -> str:
        return f"restart supervisord program {self.program}, the service's own manager"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        daemon = daemon_with(system, self.config)
        if daemon.process is None:
            return Refused(f"the supervisord with {self.config} does not run")
        if self.program == EVERY:
            return Refused(f"supervisorctl would take `{EVERY}` for every program")
        listed = states(system, daemon)
        if not listed.complete:
            return Refused(listed.problem or "supervisord did not answer")
        if not processes_of(system, self.config, self.program, listed.value):
            return Refused(f"supervisord does not know {self.program} yet: `supervisorctl update` tells it")
        return None

    def capture(self, system: System) -> Captured:
        running = " ".join(each.name for each in self._mine(system) if each.active)
        return Captured(facts=(Fact("active", running),))

    def apply(self, system: ActingSystem) -> str:
        daemon = daemon_with(system, self.config)
        names = [each.name for each in self._mine(system)]
        answer = command(system, daemon, "restart", *names, timeout=_SECONDS)
        now = self._settled(system)
        if not now:
            raise StepError(f"{self.program} does not stay up: {complaint(answer)}")
        pids = ", ".join(f"pid {each.pid}" for each in now)
        return f"supervisord restarted {self.program}: {pids}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        before = (captured.fact("active") or "").split()
        new = [each.name for each in self._mine(system) if each.active and each.name not in before]
        if not new:
            return f"{self.program} ran before: there is nothing to take back"
        daemon = daemon_with(system, self.config)
        answer = command(system, daemon, "stop", *new, timeout=_SECONDS)
        if any(each.active and each.name in new for each in self._mine(system)):
            raise StepError(f"`supervisorctl stop {' '.join(new)}` failed: {complaint(answer)}")
        return f"{self.program} is stopped, as it was before"

    def _settled(self, system: ActingSystem) -> tuple[ProgramProcess, ...]:
        """Its processes once they are the same for two seconds; none when they are not, or do not run."""
        now = self._mine(system)
        first = _pids(now)
        deadline = system.monotonic() + _SETTLED
        while _pids(now) == first and system.monotonic() < deadline:
            system.wait(_LOOK_EVERY)
            now = self._mine(system)
        return now if _pids(now) == first and all(each.state == "RUNNING" for each in now) else ()

    def _mine(self, system: System) -> tuple[ProgramProcess, ...]:
        listed = states(system, daemon_with(system, self.config)).value
        return processes_of(system, self.config, self.program, listed)


def _pids(processes: tuple[ProgramProcess, ...]) -> tuple[tuple[str, str, int | None], ...]:
    """What stays the same while the same processes run: supervisord's description counts the uptime."""
    return tuple((each.name, each.state, each.pid) for each in processes)
