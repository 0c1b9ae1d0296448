"""Ends a watchdog loop, after the instances that it started: killed before them, it would leave orphans."""

from collections.abc import Sequence
from typing import ClassVar

from ghostfix.managers.watchdog.hold_loop import helpers
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, Signal, System, was_restarted
from ghostfix.model.process import Process
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded
from ghostfix.steps.terminate import changed, has_gone, living, refusal

_AFTER_KILL = 5.0
_POLL_EVERY = 0.2
_OTHERS_SHOWN = 4
_NOWHERE = "/dev/null"
_SET_USER_ID = 0o4000


class StopWatchdog(Step, frozen=True, kw_only=True, tag="stop-watchdog"):
    """Ends its helpers; asks the loop to end, lets it hear that, waits, kills; then what is left."""

    phase: ClassVar[Phase] = Phase.STOP
    title: ClassVar[str] = "Ends a watchdog loop"

    process: Process
    spared: tuple[Process, ...] = ()
    """The service's own processes below it: they are stopped by steps of their own."""
    others: tuple[Process, ...] = ()
    """What it started for others: it goes on, and is not started again when it ends."""
    grace: float = 5.0

    def preview(self) -> str:
        argv = shown_argv(self.process.argv, 120)
        return (
            f"end the loop pid {self.process.pid} ({argv}): TERM and CONT, after {self.grace:g} s KILL"
            f"{goes_on(self.others)}"
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        refused = refusal(system, self.process) or changed(system, self.process)
        if refused is not None:
            return refused
        if not living(system, (self.process,)):
            return Unneeded(f"pid {self.process.pid} has ended")
        return None

    def capture(self, system: System) -> Captured:
        detail = system.detail(self.process)
        facts = [Fact("log", _output(system, self.process, detail.open_files or ()))]
        if detail.cwd is not None:
            facts.append(Fact("cwd", detail.cwd))
        program = self.process.argv[0] if self.process.argv else ""
        if detail.executable is not None and system.program(program) is None:
            # A renamed shell: its first word is no program.
            facts.append(Fact("program", detail.executable))
        executable = None if detail.executable is None else system.status(detail.executable).value
        if executable is not None and executable.mode & _SET_USER_ID:
            facts.append(Fact("disguise", str(detail.executable)))
        return Captured(processes=living(system, (self.process,)), facts=tuple(facts))

    def apply(self, system: ActingSystem) -> str:
        below = {helper.pid: helper for helper in helpers(system, self.process, self._kept)}
        for helper in below.values():
            system.pin(helper)
        # Before the loop, as long as it is held: whatever cuts this short, none is left without its loop,
        # stopped for ever, and a loop that waits for one of them hears its own signal.
        said = [_end(system, helper, 1.0) for helper in living(system, tuple(below.values()))]
        said.insert(0, self._end_loop(system, below))
        left = living(system, tuple(below.values()))
        said.extend(_end(system, helper, 1.0) for helper in left)
        stubborn = living(system, (self.process, *below.values()))
        if stubborn:
            pids = ", ".join(f"pid {each.pid} ({each.name})" for each in stubborn)
            raise StepError(f"{pids} did not end, not even when killed; {'; '.join(said)}")
        return "; ".join(said)

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if living(system, (self.process,)) and not self._ends_yet(system):
            return f"pid {self.process.pid} was not ended"
        cwd = captured.fact("cwd")
        twin = self._twin(system, cwd)
        if twin is not None:
            return f"it runs again already: pid {twin.pid}"
        if was_restarted(system, self.process):
            by_hand = shown_argv(self.process.argv, 200)
            return f"{has_gone(system, self.process)}, repaired or not; by hand, in {cwd}: {by_hand}"
        argv = (captured.fact("program") or self.process.argv[0], *self.process.argv[1:])
        by_hand = f"start it by hand: {shown_argv(argv, 200)}"
        if cwd is None:
            raise StepError(f"the loop's working directory is not known; {by_hand}")
        if system.caller().uid not in (0, self.process.uid):
            raise StepError(f"the loop ran as {self.process.user}; as that user, in {cwd}, {by_hand}")
        user = None if system.caller().uid == self.process.uid else self.process.user
        disguise = captured.fact("disguise")
        if disguise is not None:  # it looks like root's, and an unknown user wrote its command line
            raise StepError(f"it was {disguise}, which is set-user-ID, under another name; {by_hand}")
        started = system.spawn(argv, cwd, {}, captured.fact("log") or _NOWHERE, user=user)
        return f"started again in {cwd}: pid {started.pid} ({shown_argv(argv, 200)})"

    def pins(self) -> tuple[Process, ...]:
        return (self.process,)

    @property
    def _kept(self) -> tuple[Process, ...]:
        return (*self.spared, *self.others)

    def _ends_yet(self, system: ActingSystem) -> bool:
        """Whether it was asked to end and does so only now: a stopped loop hears TERM when it goes on."""
        try:
            if system.wait_state(self.process, stopped=True, seconds=0.0):
                system.signal(self.process, Signal.CONT)
        except ChangedError:
            return not living(system, (self.process,))
        return system.wait_gone(self.process, self.grace)

    def _end_loop(self, system: ActingSystem, below: dict[int, Process]) -> str:
        """Ends the loop itself; what it starts while it has time to end is added to ``below``."""
        name = f"pid {self.process.pid} ({self.process.name})"
        try:
            _ask(system, self.process)
            deadline = system.monotonic() + self.grace
            while not system.wait_gone(self.process, _POLL_EVERY):
                self._add_helpers(system, below)
                if system.monotonic() >= deadline:
                    # Stopped, it can start nothing between this reading and its end.
                    system.signal(self.process, Signal.STOP)
                    system.wait_state(self.process, stopped=True, seconds=1.0)
                    self._add_helpers(system, below)
                    system.signal(self.process, Signal.KILL)
                    system.wait_gone(self.process, _AFTER_KILL)
                    return f"{name} ended on KILL"
        except ChangedError:
            if living(system, (self.process,)):
                raise
        return f"{name} ended on TERM"

    def _add_helpers(self, system: ActingSystem, below: dict[int, Process]) -> None:
        for helper in helpers(system, self.process, self._kept):
            if helper.pid not in below:
                below[helper.pid] = helper
                system.pin(helper)

    def _twin(self, system: System, cwd: str | None) -> Process | None:
        """A live loop with the same command line in the same folder."""
        alike = (
            process
            for process in system.processes().value
            if process.alive and process.argv == self.process.argv and process.uid == self.process.uid
        )
        return next((process for process in alike if system.detail(process).cwd == cwd), None)


def goes_on(others: Sequence[Process]) -> str:
    """What is left of a loop that kept others, too, as the end of a preview; empty for none."""
    tops = [one for one in others if all(one.ppid != above.pid for above in others)]
    named = [f"pid {one.pid} ({shown_argv(one.argv, 60)})" for one in tops[:_OTHERS_SHOWN]]
    more = f" and {len(tops) - _OTHERS_SHOWN} more" if len(tops) > _OTHERS_SHOWN else ""
    if not named:
        return ""
    return f"; what it keeps besides goes on, and nobody starts it again: {', '.join(named)}{more}"


def _ask(system: ActingSystem, process: Process) -> None:
    """TERM, and CONT: a stopped process hears nothing else."""
    system.signal(process, Signal.TERM)
    system.signal(process, Signal.CONT)


def _end(system: ActingSystem, process: Process, grace: float) -> str:
    """Asks a helper to end, waits, kills; says which signal it took."""
    name = f"pid {process.pid} ({process.name})"
    try:
        _ask(system, process)
        if system.wait_gone(process, grace):
            return f"{name} ended on TERM"
        system.signal(process, Signal.KILL)
        system.wait_gone(process, _AFTER_KILL)
    except ChangedError:
        if living(system, (process,)):
            raise
        return f"{name} ended on TERM"
    return f"{name} ended on KILL"


def _output(system: System, process: Process, open_files: Sequence[str]) -> str:
    """The regular file to which its output goes, or nowhere."""
    target = f"/proc/{process.pid}/fd/1"
    candidates = [system.resolve(target)] if system.status(target).value is not None else []
    candidates.extend(path for path in open_files if path.endswith((".log", ".out", ".txt")))
    for path in candidates:
        status = system.status(path).value
        if status is not None and status.kind is FileKind.REGULAR:
            return path
    return _NOWHERE
