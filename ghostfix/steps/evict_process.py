"""Stops a stranger that holds the service's port; only when asked for."""

from typing import ClassVar

from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, Signal, System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded
from ghostfix.steps.terminate import changed, end_tree, let_all_go, living, refusal

# Programs that hold a port for another program, or that the machine needs: their owner must let go of it.
_NEVER = {
    "docker-proxy": "it holds the port for a container: stop or change that container",
    "rootlessport": "it holds the port for a container: stop or change that container",
    "conmon": "it holds the port for a container: stop or change that container",
    "containerd-shim": "it holds the port for a container: stop or change that container",
    "launchd": "it holds the port for a job: change that job's plist",
    "systemd": "it holds the port for a socket unit: stop that unit",
    "init": "it is the system's own",
    "ControlCenter": "it is AirPlay: switch AirPlay Receiver off in the system's settings",
    "ControlCe": "it is AirPlay: switch AirPlay Receiver off in the system's settings",
    "AirPlayXPCHelper": "it is AirPlay: switch AirPlay Receiver off in the system's settings",
    "sshd": "it holds the port for a remote session: close that session",
}


class EvictProcess(Step, frozen=True, kw_only=True, tag="evict-process"):
    """Ends the stranger, and those below it that hold the port with it; nothing else of it."""

    phase: ClassVar[Phase] = Phase.STOP
    reversible: ClassVar[bool] = False
    title: ClassVar[str] = "Stops a stranger that holds the service's port"
    on_request: ClassVar[str | None] = "--evict"

    process: Process
    port: int
    ancestry: str
    """What started it, in words."""
    signal: Signal = Signal.TERM
    grace: float = 10.0

    def preview(self) -> str:
        ancestry = f", started by {self.ancestry}" if self.ancestry else ""
        return (
            f"stop the stranger on port {self.port}: pid {self.process.pid} "
            f"({shown_argv(self.process.argv, 120)}) of {self.process.user}{ancestry}"
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        protected = _NEVER.get(self.process.name)
        if protected is not None:
            return Refused(f"{self.process.name} (pid {self.process.pid}) is not stopped: {protected}")
        refused = refusal(system, self.process) or changed(system, self.process)
        if refused is not None:
            return refused
        if not living(system, (self.process,)):
            return Unneeded(f"pid {self.process.pid} has ended")
        return self._let_go(system)

    def capture(self, system: System) -> Captured:
        return Captured(processes=(self.process,))

    def apply(self, system: ActingSystem) -> str:
        tree = ProcessTree(system.processes().value)
        holders = _owners(system, self.port)
        below = [child for child in tree.descendants(self.process.pid) if child.pid in holders]
        for child in below:
            refused = refusal(system, child)
            if refused is not None:
                raise StepError(refused.reason)
        done = end_tree(system, self.process, below, self.signal, self.grace)
        left = _owners(system, self.port)
        if left:
            pids = ", ".join(str(pid) for pid in sorted(left))
            raise StepError(f"{done}; but port {self.port} is held by pid {pids} now")
        return done

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        return f"a process that has ended stays so (pid {self.process.pid})"

    def release(self, system: ActingSystem, captured: Captured) -> str | None:
        return let_all_go(system, captured.held or captured.processes)

    def pins(self) -> tuple[Process, ...]:
        return (self.process,)

    def _let_go(self, system: System) -> Refused | Unneeded | None:
        """Whether it may have let go of the port since the plan was made."""
        if self.process.pid in _owners(system, self.port):
            return None
        if system.listeners().complete:
            return Unneeded(f"pid {self.process.pid} does not listen on port {self.port} any more")
        return Refused(f"it cannot be seen whether pid {self.process.pid} still holds port {self.port}")


def _owners(system: System, port: int) -> set[int]:
    listeners = system.listeners().value
    return {pid for listener in listeners if listener.port == port for pid in listener.owners}
