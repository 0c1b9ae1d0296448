"""One child process: it is started, gets every signal that ghostfix gets, and its end is waited for.

On Linux the child is killed by the kernel when ghostfix ends, whatever ends it (``PR_SET_PDEATHSIG`` of
prctl(2)): else a ``kill -9`` of ghostfix would leave an instance that holds no lock, and the next one would
come up beside it. It is ``SIGKILL`` for the same reason: one that takes its time to end would overlap.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from ghostfix.model.errors import StepError
from ghostfix.model.run_lock import MARK
from ghostfix.model.supervision import Ending
from ghostfix.system.credentials import Account
from ghostfix.system.execve import become
from ghostfix.system.signal_inbox import hearing

_PR_SET_PDEATHSIG = 1
_FORWARDED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH")
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH)


class ChildProcess:
    """Starts the command again and again, as a child each time. Implements ``supervision.ChildProcess``."""

    def __init__(
        self,
        argv: Sequence[str],
        cwd: str,
        variables: Mapping[str, str],
        account: Account | None,
        pid_file: str,
        grace: float = 10.0,
    ) -> None:
        self._argv = tuple(argv)
        self._cwd = cwd
        self._variables = dict(variables)
        self._account = account
        self._pid_file = pid_file
        self._grace = grace
        self._patience: float | None = None
        """Until when, on the clock of ``now``, a child that was sent SIGTERM may take its time."""
        self._child = 0
        self._stopping = False
        self._parent = os.getpid()
        # What we were started to ignore (nohup) stays so; but a child's end must not be missed.
        self._before = {number: signal.getsignal(number) for number in (*_all_forwarded(), signal.SIGCHLD)}
        ignored = {number for number, before in self._before.items() if before is signal.SIG_IGN}
        self._hearing = hearing(self._before.keys() - (ignored - {signal.SIGCHLD}))

    @property
    def stopping(self) -> bool:
        return self._stopping

    def now(self) -> float:
        return time.monotonic()

    def start(self) -> int:
        """Starts the command and gives its PID; raises StepError when it cannot be executed."""
        listen, report = os.pipe()
        # What comes before the child is itself waits, or our handler in the child would swallow it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _all_forwarded())
        pid = os.fork()
        if pid == 0:
            os.close(listen)
            self._become_child(report)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(report)
        with os.fdopen(listen, "rb") as pipe:
            problem = pipe.read().decode(errors="backslashreplace")
        self._child = pid
        if problem:
            os.waitpid(pid, 0)
            self._child = 0
            raise StepError(problem)
        return pid

    def wait(self) -> Ending:
        """Waits for the child to end, and passes on meanwhile the signals that ghostfix gets.

        One that was sent SIGTERM has its grace, and is killed then: it may be deaf, or have been stopped.
        """
        while True:
            ending = self._reap()
            if ending is not None:
                self._child, self._patience = 0, None
                return ending
            left = None if self._patience is None else self._patience - self.now()
            if left is not None and left <= 0:
                self._kill()
                left = None
            self._listen(left)

    def pause(self, seconds: float) -> None:
        """Lets time pass; shorter when ghostfix is asked to stop."""
        deadline = time.monotonic() + seconds
        while not self._stopping and (left := deadline - time.monotonic()) > 0:
            self._reap()
            self._listen(left)

    def _listen(self, seconds: float | None) -> None:
        for heard in self._hearing.listen(seconds):
            if heard.number == signal.SIGCHLD:
                continue
            self._stopping = self._stopping or heard.number in _STOPPING
            if self._child > 1 and not (heard.by_terminal and self._hears_the_terminal(heard.number)):
                self._pass_on(heard.number)

    def _hears_the_terminal(self, number: int) -> bool:
        """Whether the child, as one of our process group, gets itself the signals that the terminal sends."""
        try:
            return number in _OF_THE_TERMINAL and os.getpgid(self._child) == os.getpgrp()
        except ProcessLookupError:
            return True

    def _pass_on(self, number: int) -> None:
        try:
            os.kill(self._child, number)  # our own child, not reaped yet: no other process can have its PID
            if number == signal.SIGTERM:
                os.kill(self._child, signal.SIGCONT)  # or one that is stopped would not hear it
                self._patience = self._patience or self.now() + self._grace
        except ProcessLookupError:
            return
        except PermissionError:  # it became another user, as sudo(8) does
            name = signal.Signals(number).name
            self._say(f"{name} cannot be passed on to pid {self._child}, another user's")

    def _kill(self) -> None:
        self._patience = None
        self._say(f"pid {self._child} has not ended {self._grace:g} s after SIGTERM, and is killed")
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self._child, signal.SIGKILL)

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"ghostfix: {text}\n")
            sys.stderr.flush()

    def _reap(self) -> Ending | None:
        """Takes in every child that has ended: as PID 1 of a container we are given other people's, too."""
        found = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            if pid == self._child:
                code = os.waitstatus_to_exitcode(status)
                found = Ending(status=max(code, 0), signal=max(-code, 0))

    def _become_child(self, report: int) -> NoReturn:
        """Turns into the command, or writes why not to ``report``."""
        try:
            self._hearing.end()
            for number, before in self._before.items():
                signal.signal(number, signal.SIG_IGN if before is signal.SIG_IGN else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, self._hearing.mask)
            variables = {**self._variables, MARK: f"{os.getpid()}:{self._pid_file}"}
            if self._account is not None:
                os.setgroups(self._account.groups)
                os.setgid(self._account.gid)
                os.setuid(self._account.uid)
            self._die_with_parent()  # after the change of user, which takes it back
            become(self._argv, self._cwd, variables, None)
        except (StepError, OSError) as error:
            os.write(report, str(error).encode(errors="backslashreplace"))
        finally:
            os._exit(127)

    def _die_with_parent(self) -> None:
        if sys.platform != "linux":
            return
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._parent:
            os._exit(127)  # it died before we asked


def end_as(ending: Ending) -> NoReturn:
    """Ends this process as the child ended: with its status, or by the same signal."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a full disk, or a reader that has gone
            stream.flush()
    if ending.signal:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.set_wakeup_fd(-1)
        if ending.signal not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(ending.signal, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {ending.signal})
        os.kill(os.getpid(), ending.signal)
    os._exit(128 + ending.signal if ending.signal else ending.status)


def _all_forwarded() -> set[signal.Signals]:
    return {signal.Signals[name] for name in _FORWARDED}
