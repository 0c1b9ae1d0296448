"""Holding a check of monit: it is not monitored, now and after monit is started anew."""

import posixpath
from typing import ClassVar

from ghostfix.managers.monit.daemon import CheckState, configuration, order, states
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded

_PATIENCE = 15.0
_TICK = 0.2


class HoldMonitCheck(Step, frozen=True, kw_only=True, tag="hold-monit-check"):
    """``monit unmonitor``; monit then leaves what depends on the check unmonitored too, and undo does not."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a monit check"

    check: str
    control: str
    """The control file of its monit."""

    def preview(self) -> str:
        return f"hold monit check {self.check} of {self.control}: `monit unmonitor {self.check}`"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.control)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if system.program("monit") is None:
            return Refused("`monit`, which gives the order, is not on the PATH")
        reading = states(system, self.control)
        if not reading.complete:
            return Refused(reading.problem or "monit did not answer")
        state = _state(reading.value, self.check)
        if state is None:
            return Unneeded(f"monit has no check {self.check} any more")
        return None if state.monitored else Unneeded(f"{self.check} is not monitored already")

    def capture(self, system: System) -> Captured:
        reading = states(system, self.control)
        if not reading.complete:
            raise StepError(reading.problem or "monit did not answer")
        monitored = {state.name for state in reading.value if state.monitored}
        checks = configuration(system, self.control).value.checks
        affected = {self.check}
        while more := {each.name for each in checks if affected & set(each.depends)} - affected:
            affected |= more
        return Captured(facts=tuple(Fact("monitored", name) for name in sorted(affected & monitored)))

    def apply(self, system: ActingSystem) -> str:
        self._monit(system, "unmonitor", self.check)
        self._await(system, {self.check}, monitored=False)
        return f"{self.check} is not monitored, and stays so when monit is started anew"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        names = [fact.value for fact in captured.facts if fact.name == "monitored"]
        # Also what is monitored still: an order to stop may wait for monit's next cycle.
        for name in names:
            self._monit(system, "monitor", name)
        self._await(system, set(names), monitored=True)
        return f"{', '.join(names) or self.check} monitored as before"

    def _monit(self, system: ActingSystem, verb: str, name: str) -> None:
        answer = order(system, self.control, verb, name)
        if answer.status != 0:
            raise StepError(f"`monit {verb} {name}` failed: {answer.complaint}")

    def _await(self, system: ActingSystem, names: set[str], *, monitored: bool) -> None:
        """Monit answers at once, and does it in its next cycle."""
        deadline = system.monotonic() + _PATIENCE
        while True:
            now = states(system, self.control).value
            if all(state.monitored is monitored for state in now if state.name in names) and now:
                return
            if system.monotonic() >= deadline:
                verb = "monitor" if monitored else "unmonitor"
                raise StepError(f"monit took `{verb} {self.check}`, and did not do it in {_PATIENCE:g} s")
            system.wait(_TICK)


def _state(found: tuple[CheckState, ...], name: str) -> CheckState | None:
    return next((state for state in found if state.name == name), None)
