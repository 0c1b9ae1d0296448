"""Stops a process of the service, with the tree below it."""

from typing import ClassVar

from ghostfix.model.machine import ActingSystem, Signal, System
from ghostfix.model.process import Process
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded
from ghostfix.steps.terminate import changed, end_tree, let_all_go, living, refusal


class StopProcess(Step, frozen=True, kw_only=True, tag="stop-process"):
    """Ends an instance: asks the process, waits, kills; then what is left of its tree."""

    phase: ClassVar[Phase] = Phase.STOP
    reversible: ClassVar[bool] = False
    title: ClassVar[str] = "Stops a process of the service, with the tree below it"

    process: Process
    members: tuple[Process, ...] = ()
    """Its descendants when the plan was made; those that it starts later are ended as well."""
    signal: Signal = Signal.TERM
    grace: float = 10.0
    """Seconds that it has to end by itself."""

    def preview(self) -> str:
        tree = f" and the {len(self.members)} below it" if self.members else ""
        return (
            f"stop pid {self.process.pid}{tree} ({shown_argv(self.process.argv, 120)}): "
            f"{self.signal.value}, after {self.grace:g} s KILL"
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        family = (self.process, *self.members)
        for process in family:
            refused = refusal(system, process) or changed(system, process)
            if refused is not None:
                return refused
        if not living(system, family):
            return Unneeded(f"pid {self.process.pid} has ended")
        return None

    def capture(self, system: System) -> Captured:
        return Captured(processes=living(system, (self.process, *self.members)))

    def apply(self, system: ActingSystem) -> str:
        return end_tree(system, self.process, self.members, self.signal, self.grace)

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        pids = ", ".join(str(process.pid) for process in captured.processes)
        return f"a process that has ended stays so (pid {pids})"

    def release(self, system: ActingSystem, captured: Captured) -> str | None:
        return let_all_go(system, captured.held or captured.processes)

    def pins(self) -> tuple[Process, ...]:
        return (self.process, *self.members)
