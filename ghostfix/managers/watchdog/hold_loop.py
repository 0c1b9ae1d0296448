"""Stops a watchdog loop where it is, so that it can do nothing until it is ended or let go."""

from typing import ClassVar

from ghostfix.managers.watchdog.loop_family import loop_family
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, Signal, System
from ghostfix.model.process import Process, ProcessState, ProcessTree
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded
from ghostfix.steps.terminate import changed, has_gone, let_go, living, refusal

_PATIENCE = 2.0


class HoldWatchdog(Step, frozen=True, kw_only=True, tag="hold-watchdog"):
    """Sends SIGSTOP to the loop and to what is its own below it, such as a script that is about to start."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "Stops a watchdog loop where it is (SIGSTOP)"

    process: Process
    spared: tuple[Process, ...] = ()
    """The service's own processes below it, stopped by steps of their own, and what it started for others."""

    def preview(self) -> str:
        return f"hold pid {self.process.pid} ({shown_argv(self.process.argv, 120)}): STOP"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        refused = refusal(system, self.process) or changed(system, self.process)
        if refused is not None:
            return refused
        if not living(system, (self.process,)):
            return Unneeded(f"pid {self.process.pid} has ended")
        if _is_stopped(system, self.process):
            return Unneeded(f"pid {self.process.pid} is stopped already")
        return None

    def capture(self, system: System) -> Captured:
        return Captured(processes=(self.process, *helpers(system, self.process, self.spared)))

    def apply(self, system: ActingSystem) -> str:
        _stop(system, self.process)
        # What the loop runs at this moment, a start script say, would go on by itself.
        held = []
        for helper in helpers(system, self.process, self.spared):
            try:
                _stop(system, helper)
            except ChangedError:
                continue  # it ended between the reading and the signal
            held.append(f"{helper.pid} ({helper.name})")
        rest = f", and below it {', '.join(held)}" if held else ""
        return f"pid {self.process.pid} is stopped{rest}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        candidates = {process.pid: process for process in (self.process, *captured.processes, *captured.held)}
        if living(system, (self.process,)):  # what a version before this one has held is noted nowhere else
            for below in ProcessTree(system.processes().value).descendants(self.process.pid):
                candidates.setdefault(below.pid, below)
        # The loop itself comes last: what it waits for is there again by then.
        order = sorted(candidates.values(), key=lambda process: process.pid == self.process.pid)
        released = [process for process in order if let_go(system, process)]
        if released:
            return f"pid {', '.join(str(process.pid) for process in released)} runs on"
        if living(system, (self.process,)):
            return f"pid {self.process.pid} runs"
        return f"{has_gone(system, self.process)}: there is nothing to let go"

    def pins(self) -> tuple[Process, ...]:
        return (self.process,)


def helpers(system: System, process: Process, spared: tuple[Process, ...]) -> tuple[Process, ...]:
    """What runs below a loop at this moment and is its own (``loop_family``); none of ``spared``."""
    tree = ProcessTree(system.processes().value)
    listening = {owner for listener in system.listeners().value for owner in listener.owners}
    return loop_family(tree, process, living(system, spared), listening, system.now()).own


def _stop(system: ActingSystem, process: Process) -> None:
    system.signal(process, Signal.STOP)
    if not system.wait_state(process, stopped=True, seconds=_PATIENCE) and living(system, (process,)):
        raise StepError(f"pid {process.pid} ({process.name}) was sent STOP, and did not stop")


def _is_stopped(system: System, process: Process) -> bool:
    now = system.process(process.pid)
    return now is not None and now.state is ProcessState.STOPPED
