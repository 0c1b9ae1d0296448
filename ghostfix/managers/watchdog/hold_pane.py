"""Ends a loop that is the own process of a tmux pane or a screen window, and starts it there again."""

from typing import ClassVar

from ghostfix.managers.watchdog.stop_loop import StopWatchdog, goes_on
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.process import Process
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded
from ghostfix.service.trust import commander


class HoldPane(Step, frozen=True, kw_only=True, tag="hold-pane"):
    """Ends the loop at once: tmux and screen let a pane's process go on as soon as it is stopped (SIGCONT).

    tmux keeps the dead pane meanwhile (``remain-on-exit``), and undo lets it run what it ran. A screen's
    window closes with its program; undo starts that again outside of screen.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "Ends a loop in a tmux pane or a screen window"

    process: Process
    spared: tuple[Process, ...] = ()
    """The service's own processes below it: they are stopped by steps of their own."""
    others: tuple[Process, ...] = ()
    """What it started for others: it goes on."""
    socket: str = ""
    """tmux's socket; empty for screen."""
    pane: str = ""
    """tmux's name of the pane, such as ``%3``; empty for screen."""

    def preview(self) -> str:
        where = f"tmux pane {self.pane}" if self.pane else "a screen window"
        return (
            f"hold pid {self.process.pid} ({shown_argv(self.process.argv, 120)}) in {where}: end it"
            f"{goes_on(self.others)}"
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if self.pane and system.program("tmux") is None:
            return Refused("`tmux`, which would start the loop again, is not on the PATH")
        if self.pane:
            whose = commander(system, self.process, (self.socket,))
            if not whose.complete:
                return Refused(f"tmux at {self.socket} is not spoken to: {whose.problem}")
        return self._ending.precondition(system)

    def capture(self, system: System) -> Captured:
        captured = self._ending.capture(system)
        if not self.pane:
            return captured
        words = (*self._tmux, "show-options", "-p", "-v", "-t", self.pane, "remain-on-exit")
        answer = system.ask(words, user=self._user(system))
        if answer.status != 0:
            raise StepError(f"tmux could not be asked about pane {self.pane}: {answer.complaint}")
        facts = (*captured.facts, Fact("remain-on-exit", answer.text.strip()))
        return Captured(files=captured.files, processes=captured.processes, facts=facts)

    def apply(self, system: ActingSystem) -> str:
        if self.pane:
            self._order(system, "set-option", "-p", "-t", self.pane, "remain-on-exit", "on")
        return self._ending.apply(system)

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if not self.pane:
            return self._ending.undo(system, captured)
        words = (*self._tmux, "display-message", "-p", "-t", self.pane, "#{pane_dead}")
        answer = system.ask(words, user=self._user(system))
        if answer.status != 0 or answer.text.strip() not in ("0", "1", ""):
            raise ChangedError(f"tmux has no pane {self.pane} any more: {answer.complaint}")
        dead = answer.text.strip() == "1"
        if dead:
            self._order(system, "respawn-pane", "-t", self.pane)
        before = captured.fact("remain-on-exit")
        value = (
            ("-t", self.pane, "remain-on-exit", before)
            if before
            else ("-u", "-t", self.pane, "remain-on-exit")
        )
        self._order(system, "set-option", "-p", *value)
        return f"pane {self.pane} runs {'what it ran, again' if dead else 'already'}"

    def pins(self) -> tuple[Process, ...]:
        return (self.process,)

    @property
    def _ending(self) -> StopWatchdog:
        return StopWatchdog(reason=self.reason, process=self.process, spared=self.spared, others=self.others)

    @property
    def _tmux(self) -> tuple[str, ...]:
        return ("tmux", "-S", self.socket)

    def _user(self, system: System) -> str | None:
        """The user as which tmux is spoken to: its client reads, writes and runs what the server says."""
        whose = commander(system, self.process, (self.socket,))
        if not whose.complete:
            raise StepError(f"tmux at {self.socket} is not spoken to: {whose.problem}")
        return whose.value

    def _order(self, system: ActingSystem, *words: str) -> None:
        answer = system.command((*self._tmux, *words), timeout=10.0, user=self._user(system))
        if answer.status != 0:
            raise StepError(f"`tmux {' '.join(words)}` failed: {answer.complaint}")


def pane_of(
    process: Process, reason: str, spared: tuple[Process, ...], others: tuple[Process, ...] = ()
) -> HoldPane | None:
    """The step for a process that tmux or screen itself started; None for any other.

    ``TMUX`` is ``SOCKET,PID OF THE SERVER,SESSION`` and ``STY`` is ``PID OF THE SERVER.NAME``; descendants
    inherit both, so it is the parent that shows it.
    """
    detail = process.detail
    if detail is None:
        return None
    socket, _, rest = (detail.variable("TMUX") or "").rpartition(",")[0].rpartition(",")
    pane = detail.variable("TMUX_PANE") or ""
    if socket and pane and rest == str(process.ppid):
        return HoldPane(
            reason=reason, process=process, spared=spared, others=others, socket=socket, pane=pane
        )
    if (detail.variable("STY") or "").partition(".")[0] == str(process.ppid):
        return HoldPane(reason=reason, process=process, spared=spared, others=others)
    return None
