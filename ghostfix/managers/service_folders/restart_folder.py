"""Restarting the service through the runit, s6 or daemontools folder that is its manager."""

from typing import ClassVar

from ghostfix.managers.service_folders.folder import SUITES, FolderState, state_of
from ghostfix.managers.service_folders.hold_folder import give_order
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded
from ghostfix.service.trust import runner

_PATIENCE = 20.0
_SETTLED = 2.5
"""Longer than the second that a supervising process lets pass before it runs the service again."""
_POLL_EVERY = 0.2


class RestartServiceFolder(Step, frozen=True, kw_only=True, tag="restart-service-folder"):
    """Ends what runs, and has the supervising process run it again; what is down is ordered up."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "restart the service's own runit, s6 or daemontools folder"

    suite: str
    folder: str

    def preview(self) -> str:
        return f"restart {self.suite} service {self.folder}, the service's own manager"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        suite = SUITES[self.suite]
        if system.program(suite.up[0]) is None:
            return Refused(f"`{suite.up[0]}`, which gives the order, is not on the PATH")
        whose = runner(system, (self.folder,))
        if not whose.complete:
            return Refused(whose.problem or f"nobody may give orders to {self.folder}")
        state = state_of(suite, system, self.folder)
        return None if state.value is not None else Refused(state.problem or "its state is not known")

    def capture(self, system: System) -> Captured:
        state = self._state(system)
        return Captured(facts=(Fact("wanted", "yes" if state is not None and state.wanted else "no"),))

    def apply(self, system: ActingSystem) -> str:
        suite = SUITES[self.suite]
        before = self._state(system)
        if before is not None and before.up:
            give_order(system, suite.again, self.folder)
        give_order(system, suite.up, self.folder)
        old = None if before is None else before.pid
        deadline = system.monotonic() + _PATIENCE
        while system.monotonic() < deadline:
            state = self._state(system)
            if state is not None and state.pid not in (None, old):
                return self._settled(system, state)
            system.wait(_POLL_EVERY)
        raise StepError(f"{suite.supervisor} has not started {self.folder} after {_PATIENCE:.0f} s")

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if captured.fact("wanted") == "yes":
            return f"{self.folder} ran before: there is nothing to take back"
        give_order(system, SUITES[self.suite].down, self.folder)
        return f"{self.folder} is told to stay down, as it was before"

    def _settled(self, system: ActingSystem, started: FolderState) -> str:
        deadline = system.monotonic() + _SETTLED
        while system.monotonic() < deadline:
            system.wait(_POLL_EVERY)
            if self._state(system) != started:
                raise StepError(f"{self.folder} does not stay up")
        return f"{SUITES[self.suite].supervisor} restarted {self.folder}: pid {started.pid}"

    def _state(self, system: System) -> FolderState | None:
        return state_of(SUITES[self.suite], system, self.folder).value
