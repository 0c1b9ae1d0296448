"""Holding a watcher of circus: it is stopped, and circus does not start it by itself."""

import posixpath
from typing import ClassVar

from ghostfix.managers.circus.daemon import CircusControl, WatcherState, circusd, control_of, states
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded


class HoldCircusWatcher(Step, frozen=True, kw_only=True, tag="hold-circus-watcher"):
    """``circusctl stop``. A circusd started anew starts it again: its configuration is not touched."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a circus watcher"

    watcher: str
    config: str
    """The configuration of its circusd."""
    endpoint: str
    """Where that circusd is spoken to."""

    def preview(self) -> str:
        return f"hold circus watcher {self.watcher} of {self.config}: `circusctl stop {self.watcher}`"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.config)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        control = self._control(system)
        if control is None:
            return Unneeded(f"no circusd runs with {self.config} any more")
        reading = states(system, control, self.endpoint)
        if not reading.complete:
            return Refused(reading.problem or "circusd did not answer")
        state = self._state(reading.value)
        if state is None:
            return Unneeded(f"circus has no watcher {self.watcher} any more")
        return Unneeded(f"{self.watcher} is stopped already") if state.status == "stopped" else None

    def capture(self, system: System) -> Captured:
        reading = states(system, self._control(system), self.endpoint)
        if not reading.complete:
            raise StepError(reading.problem or "circusd did not answer")
        state = self._state(reading.value)
        return Captured(facts=(Fact("status", "gone" if state is None else state.status),))

    def apply(self, system: ActingSystem) -> str:
        self._order(system, "stop")
        return f"{self.watcher} is stopped, and circus does not start it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if captured.fact("status") in ("stopped", "gone"):
            return f"{self.watcher} was stopped before, and stays so"
        if self._control(system) is None:
            return f"no circusd runs with {self.config} any more; it starts {self.watcher} when it does"
        self._order(system, "start")
        return f"{self.watcher} is started again"

    def _control(self, system: System) -> CircusControl | None:
        for process in system.processes().value:
            daemon = circusd(system, process) if process.argv else None
            if daemon is not None and daemon.config == self.config:
                return control_of(system, process)
        return None

    def _state(self, found: tuple[WatcherState, ...]) -> WatcherState | None:
        return next((state for state in found if state.name.lower() == self.watcher.lower()), None)

    def _order(self, system: ActingSystem, verb: str) -> None:
        control = self._control(system)
        if control is None:
            raise StepError(f"no circusd runs with {self.config} any more, or there is no circusctl")
        if control.distrust is not None:
            raise StepError(f"circusctl is not run: {control.distrust}")
        words = (control.program, "--json", "--timeout", "60", "--endpoint", self.endpoint)
        answer = system.command((*words, verb, "--waiting", self.watcher), timeout=70.0, user=control.user)
        if answer.status != 0 or b'"status": "error"' in answer.stdout:
            said = answer.text.strip() or answer.complaint
            raise StepError(f"`circusctl {verb} {self.watcher}` failed: {said}")
