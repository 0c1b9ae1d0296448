"""Holding a service of OpenRC: it is stopped through OpenRC, and its supervise-daemon with it."""

from typing import ClassVar

from ghostfix.managers.openrc.state import started
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded


class HoldOpenrcService(Step, frozen=True, kw_only=True, tag="hold-openrc-service"):
    """``rc-service NAME stop``. Its runlevels are left alone: the next boot starts it again."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a service of OpenRC"

    service: str

    def preview(self) -> str:
        return f"hold OpenRC service {self.service}: `rc-service {self.service} stop`"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if system.program("rc-service") is None:
            return Refused("`rc-service`, which gives the order, is not on the PATH")
        if system.caller().uid != 0:
            return Refused(f"{self.service} belongs to the machine's OpenRC: only root may hold it")
        return None if self.service in started(system) else Unneeded(f"{self.service} is not started")

    def capture(self, system: System) -> Captured:
        return Captured(facts=tuple(Fact("started", name) for name in started(system)))

    def apply(self, system: ActingSystem) -> str:
        self._order(system, "stop")
        return f"{self.service} is stopped, and nobody watches over it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        before = {fact.value for fact in captured.facts if fact.name == "started"}
        if self.service not in before:
            return f"{self.service} was not started before, and stays so"
        if self.service not in started(system):
            self._order(system, "start")
        # What needs the service was stopped with it; whether it is wanted again is for its owner to say.
        others = sorted(before - set(started(system)) - {self.service})
        rest = f"; not started any more: {', '.join(others)}" if others else ""
        return f"{self.service} is started again{rest}"

    def _order(self, system: ActingSystem, verb: str) -> None:
        answer = system.command(("rc-service", self.service, verb), timeout=90.0)
        if answer.status != 0:
            raise StepError(f"`rc-service {self.service} {verb}` failed: {answer.complaint}")
