"""Ending processes: asked first, given time, killed when they do not go; their trees with them.

A process that is killed leaves its children behind, and they keep its port. So the tree is read
again before every kill, a process that must be killed is stopped first (it cannot fork between that reading
and the kill), and whatever is left of the tree afterwards is ended too, known by its identity.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, Signal, System, same_process, same_start, was_restarted
from ghostfix.model.process import Process, ProcessState, ProcessTree
from ghostfix.model.step import Refused

_POLL_EVERY = 0.5
_AFTER_KILL = 5.0
# Root, what it leaves behind, and what that forked meanwhile.
_ROUNDS = 3
# Of processes with the same fate, so many are named; of more, only the first and their number.
_PIDS_SHOWN = 4


def refusal(system: System, process: Process) -> Refused | None:
    """Why this process must never be signalled by us, whatever the plan says; None when it may be."""
    caller = system.caller()
    if process.pid <= 1:
        return Refused(f"pid {process.pid} is the system's own first process")
    if process.pid == caller.pid:
        return Refused(f"pid {process.pid} is ghostfix itself")
    if process.pid in caller.ancestors:
        return Refused(f"pid {process.pid} ({process.name}) is what ghostfix itself runs in")
    if caller.uid not in (0, process.uid):
        return Refused(
            f"pid {process.pid} belongs to {process.user}, and ghostfix runs as {caller.user}: "
            f"run it as {process.user} or as root"
        )
    return None


def changed(system: System, process: Process) -> Refused | None:
    """Why the process that has this PID now may be another one; None when it is the same, or is gone."""
    now = system.process(process.pid)
    if now is None or not now.alive or same_process(process, now) or not same_start(process, now):
        return None
    before = None if process.detail is None else process.detail.executable
    if before is not None and before == system.detail(now).executable:
        return None  # its title changes; the signal itself asks for more (``ActingSystem.pin``)
    return Refused(f"pid {process.pid} has another command line than when the plan was made")


def living(system: System, processes: Iterable[Process]) -> tuple[Process, ...]:
    """Those of them that still run. A zombie has ended, and so has one whose PID another process has."""
    return tuple(process for process in processes if _runs(system, process))


def has_gone(system: System, process: Process) -> str:
    """How to say that a process of a former snapshot has ended: with the machine's own end, perhaps."""
    if was_restarted(system, process):
        return f"the machine was started again since: pid {process.pid} ended with that"
    return f"pid {process.pid} has ended"


def let_go(system: ActingSystem, process: Process) -> bool:
    """Lets a process go on (SIGCONT) if it still runs and is stopped; says whether it was."""
    now = system.process(process.pid)
    if not living(system, (process,)) or now is None or now.state is not ProcessState.STOPPED:
        return False
    try:
        system.signal(process, Signal.CONT)
    except ChangedError:
        return False  # it is gone, or is another process by now
    return True


def let_all_go(system: ActingSystem, processes: Iterable[Process]) -> str | None:
    """Lets go on what was stopped and, because ghostfix came to its end, not ended; None when none is so."""
    released = [process for process in processes if let_go(system, process)]
    if not released:
        return None
    return f"{_numbered([process.pid for process in released])} was stopped, not ended, and runs on"


def end_tree(
    system: ActingSystem, root: Process, members: Sequence[Process], signal: Signal, grace: float
) -> str:
    """Ends a process and all that descends from it, and says what it took.

    The root is asked first, so that a master can end its workers; ``grace`` seconds later it is killed.
    What is left of the tree is then treated likewise. Raises StepError when something is left over.
    """
    family = _Tree(system, {process.pid: process for process in (root, *members)})
    family.add_descendants()
    system.note_held(tuple(family.known.values()))
    family.end(family.living((root,)), signal, grace)
    for _ in range(_ROUNDS):
        family.end(family.living(family.known.values()), signal, grace)
    if family.refused and not family.sent:
        raise next(iter(family.refused.values()))
    if family.left():
        raise StepError(f"not everything has ended: {family.account()}")
    return family.account()


@dataclass
class _Tree:
    """The processes to be ended, and the last signal that each was sent."""

    system: ActingSystem
    known: dict[int, Process]
    sent: dict[int, Signal] = field(default_factory=dict)
    refused: dict[int, StepError] = field(default_factory=dict)
    """Those that could not be signalled, or may be others by now; the rest is ended all the same."""

    def add_descendants(self) -> None:
        """Adds what descends, by now, from those that are known and still there."""
        tree = ProcessTree(self.system.processes().value)
        for process in tuple(self.known.values()):
            now = tree.by_pid.get(process.pid)
            # Asked after the reading: what has its PID then is this very process, and not one that got the
            # PID within the same tick of the clock, whose children would be ended for it.
            if now is None or not same_start(process, now) or not self._runs(process):
                continue
            for descendant in tree.descendants(process.pid):
                if descendant.alive and descendant.pid not in self.known:
                    self.known[descendant.pid] = descendant
                    self.system.pin(descendant)
        if self.sent:  # what comes while they end is as findable for undo as what was there before
            self.system.note_held(tuple(self.known.values()))

    def living(self, processes: Iterable[Process]) -> tuple[Process, ...]:
        return tuple(one for one in processes if one.pid not in self.refused and self._runs(one))

    def left(self) -> bool:
        """Whether any of them still runs, those that could not be signalled included."""
        return any(self._runs(process) for process in self.known.values())

    def _runs(self, process: Process) -> bool:
        """As far as PID, start and user show, and for certain where the system has kept hold of it."""
        return _runs(self.system, process) and not self.system.wait_gone(process, 0.0)

    def end(self, targets: Sequence[Process], signal: Signal, grace: float) -> None:
        """Asks, waits, kills. What must be killed is stopped before, and its tree read once more."""
        for process in targets:
            self._send(process, signal)
        self._wait(targets, grace)
        stubborn = self.living(targets)
        try:
            for process in stubborn:
                self._send(process, Signal.STOP)
                self.system.wait_state(process, stopped=True, seconds=1.0)
            if stubborn:
                self.add_descendants()
            for process in stubborn:
                self._send(process, Signal.KILL)
        finally:
            self._let_go(stubborn)
        for process in stubborn:
            self.system.wait_gone(process, _AFTER_KILL)

    def _let_go(self, stubborn: Sequence[Process]) -> None:
        """What was stopped and, because something came between, not killed, must not stay stopped."""
        for process in stubborn:
            if self.sent.get(process.pid) is Signal.STOP and self._is_stopped(process):
                with suppress(StepError):
                    self.system.signal(process, Signal.CONT)

    def account(self) -> str:
        """What it took: each process by its PID, or their number where many had the same fate."""
        fates: dict[str, list[int]] = {}
        for pid, process in self.known.items():
            fates.setdefault(self._fate(process), []).append(pid)
        return "; ".join(f"{_numbered(pids)} {fate}" for fate, pids in fates.items())

    def _fate(self, process: Process) -> str:
        signal = self.sent.get(process.pid)
        if process.pid in self.refused:
            return f"was left alone ({self.refused[process.pid]})"
        now = self.system.process(process.pid)
        if now is not None and self._runs(process):
            waits = now.state is ProcessState.UNINTERRUPTIBLE
            return "did not end, not even when killed" + (": it waits in the kernel" if waits else "")
        if signal is None:
            return "ended with its parent" if self.sent else "had ended already"
        return f"ended on {signal.value}"

    def _send(self, process: Process, signal: Signal) -> None:
        try:
            self.system.signal(process, signal)
            if signal not in (Signal.STOP, Signal.KILL) and self._is_stopped(process):
                self.system.signal(process, Signal.CONT)  # or it would not hear the other one
        except StepError as error:
            if not self.system.wait_gone(process, _POLL_EVERY):  # or it goes by itself just now
                self.refused[process.pid] = error
            return
        self.sent[process.pid] = signal

    def _is_stopped(self, process: Process) -> bool:
        now = self.system.process(process.pid)
        return now is not None and now.state is ProcessState.STOPPED

    def _wait(self, targets: Sequence[Process], grace: float) -> None:
        deadline = self.system.monotonic() + grace
        while left := self.living(targets):
            seconds = deadline - self.system.monotonic()
            if seconds <= 0:
                return
            if not self.system.wait_gone(left[0], min(_POLL_EVERY, seconds)):
                self.add_descendants()


def _numbered(pids: list[int]) -> str:
    if len(pids) <= _PIDS_SHOWN:
        return ", ".join(f"pid {pid}" for pid in pids)
    return f"pid {pids[0]} and {len(pids) - 1} more"


def _runs(system: System, process: Process) -> bool:
    now = system.process(process.pid)
    return now is not None and now.alive and same_start(process, now)
