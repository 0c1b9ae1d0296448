"""Holding a container: it loses its restart policy, and is stopped."""

from typing import ClassVar

from ghostfix.managers.containers.inspect import Container, read_inspect
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded

_STOPPING = 60.0


class HoldContainer(Step, frozen=True, kw_only=True, tag="hold-container"):
    """``update --restart=no``, then ``stop``. A mere stop would not outlive the engine's next start."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a container"

    engine: str
    """``docker`` or ``podman``."""
    container: str
    """Its full id."""
    name: str

    def preview(self) -> str:
        return f"hold {self.engine} container {self.name}: `update --restart=no`, then `stop`"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        container = self._inspect(system)
        if isinstance(container, str):
            return Refused(container)
        if not container.restarts and not container.running:
            return Unneeded(f"{self.name} is stopped, and has no restart policy")
        return None

    def capture(self, system: System) -> Captured:
        container = self._inspect(system)
        if isinstance(container, str):
            raise StepError(container)
        running = "yes" if container.running else "no"
        return Captured(facts=(Fact("policy", container.written_policy), Fact("running", running)))

    def apply(self, system: ActingSystem) -> str:
        self._set_policy(system, "no")
        self._order(system, "stop")
        return f"{self.name} is stopped, and {self.engine} does not start it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        policy = captured.fact("policy") or "no"
        self._set_policy(system, policy)
        if captured.fact("running") != "yes":
            return f"{self.name} has its policy {policy} again; it did not run before"
        self._order(system, "start")
        return f"{self.name} has its policy {policy} again, and runs"

    def _inspect(self, system: System) -> Container | str:
        words = (self.engine, "inspect", "--type", "container", self.container)
        answer = system.ask(words, timeout=5.0)
        found = read_inspect(answer.stdout)
        if answer.status != 0 or not found:
            return f"{self.engine} could not be asked about {self.name}: {answer.complaint}"
        return found[0]

    def _set_policy(self, system: ActingSystem, policy: str) -> None:
        words = (self.engine, "update", f"--restart={policy}", self.container)
        answer = system.command(words, timeout=20.0)
        # podman learnt this in 5.1; before, a container that was stopped stays so by itself.
        too_old = self.engine == "podman" and b"unknown flag" in answer.stderr
        if answer.status != 0 and not too_old:
            raise StepError(f"`{' '.join(words[:3])} {self.name}` failed: {answer.complaint}")

    def _order(self, system: ActingSystem, verb: str) -> None:
        answer = system.command((self.engine, verb, self.container), timeout=_STOPPING)
        if answer.status != 0:
            raise StepError(f"`{self.engine} {verb} {self.name}` failed: {answer.complaint}")
