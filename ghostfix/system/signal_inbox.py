"""Signal inbox: which signals have come to this process, and whether it was the terminal that sent them.

What a terminal sends (Ctrl-C) goes to the whole process group in the foreground; what kill(2) sends may go
to one process alone. Only sigwaitinfo(2) tells the two apart. Where that is not there (macOS), a signal of
the kinds that terminals send is taken for the terminal's while we are in its foreground.
"""

import os
import select
import signal
from collections.abc import Set
from typing import NamedTuple

_SI_KERNEL = 0x80
"""``si_code`` of what the kernel itself sends (sigaction(2))."""


class Heard(NamedTuple):
    """One signal that came."""

    number: int
    by_terminal: bool


class WaitingHearing:
    """Keeps the signals back, and takes one after the other."""

    def __init__(self, numbers: Set[signal.Signals]) -> None:
        self._numbers = frozenset(numbers)
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        """What was kept back before."""
        for number in numbers:  # one that is ignored would not come, and a child's end take its status along
            signal.signal(number, _nothing)

    def listen(self, seconds: float | None) -> tuple[Heard, ...]:
        """What has come; waits for it, at most so long (None: for ever)."""
        if seconds is None:
            came = signal.sigwaitinfo(self._numbers)
        else:
            waited = signal.sigtimedwait(self._numbers, max(0.0, seconds))
            if waited is None:
                return ()
            came = waited
        return (Heard(came.si_signo, came.si_code == _SI_KERNEL),)

    def end(self) -> None:
        """Hears nothing any more."""


class WokenHearing:
    """Lets a handler be called, and reads from a pipe for which."""

    def __init__(self, numbers: Set[signal.Signals]) -> None:
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        """What is kept back."""
        self._inbox, outbox = os.pipe()
        for end in (self._inbox, outbox):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(outbox, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, _nothing)

    def listen(self, seconds: float | None) -> tuple[Heard, ...]:
        """What has come; waits for it, at most so long (None: for ever)."""
        select.select([self._inbox], [], [], seconds)
        try:
            came = os.read(self._inbox, 4096)
        except BlockingIOError:
            return ()
        return tuple(Heard(number, _is_foreground()) for number in came)

    def end(self) -> None:
        """Hears nothing any more."""
        signal.set_wakeup_fd(-1)


def hearing(numbers: Set[signal.Signals]) -> WaitingHearing | WokenHearing:
    """What hears these signals from now on, instead of what they do otherwise."""
    return WaitingHearing(numbers) if hasattr(signal, "sigwaitinfo") else WokenHearing(numbers)


def end_on_term() -> None:
    """Lets SIGTERM end us as Ctrl-C does: with a watch's verdict, with a last word in a repair's journal."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _nothing(_number: int, _frame: object) -> None:
    """The inbox that listens has it."""


def _is_foreground() -> bool:
    """Whether our process group is the one that the terminal talks to, wherever our input comes from."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
