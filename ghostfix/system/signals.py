"""Signalling one very process, or none.

On Linux a pidfd is opened first (or was, when the process was pinned), then the process that has the PID
is read and compared, then the pidfd is asked whether its process has ended, and the signal goes through
it. A PID that is reused between any two of these moments leads to a refusal: start time, argv and uid can
be equal by chance (they are, in most forced reuses), a pidfd cannot. So a process that was pinned is the
one, whatever title it has given itself by now. Elsewhere the comparison immediately before ``kill`` is the
tightest check there is.
"""

import errno
import os
import select
import signal as signals
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Signal, same_process, same_start
from ghostfix.model.process import Process, ProcessId, ProcessState
from ghostfix.system.decoding import reason
from ghostfix.system.processes import ProcessTable

MAX_PINNED = 512
_TICK = 0.02


class Signaller:
    """Holds on to processes and signals them. ``untouchable`` gives ourselves and our ancestors."""

    def __init__(self, table: ProcessTable, untouchable: Callable[[], tuple[int, ...]]) -> None:
        self._table = table
        self._untouchable = untouchable
        self._pinned: dict[ProcessId, int] = {}

    def pin(self, process: Process) -> None:
        """Keeps a pidfd of this process; not when it is gone, nor when descriptors run out."""
        if process.id in self._pinned or len(self._pinned) >= MAX_PINNED or process.pid <= 1:
            return
        try:
            descriptor = _pidfd(process.pid)
        except OSError:
            return
        if descriptor is None:
            return
        if self._is(process, descriptor):
            self._pinned[process.id] = descriptor
        else:
            os.close(descriptor)

    def unpin(self) -> None:
        """Lets go of every process."""
        while self._pinned:
            os.close(self._pinned.popitem()[1])

    def signal(self, process: Process, signal: Signal) -> None:
        """Signals this process or raises: ChangedError when it must not be, StepError when it cannot be."""
        self._refuse(process)
        number = signals.Signals[f"SIG{signal.value}"]
        with self._held(process) as descriptor:
            current = self._table.one(process.pid)
            if current is None or not current.alive:
                raise ChangedError(_gone(process))
            if descriptor is not None and _has_ended(descriptor):
                raise ChangedError(_gone(process))
            if _is_leaving(process, current):
                raise ChangedError(f"process {process.pid} ({process.name}) is ending just now")
            if process.id not in self._pinned and not same_process(process, current):
                raise ChangedError(_another(process, current))
            if descriptor is not None and _has_ended(descriptor):
                raise ChangedError(_gone(process))
            try:
                _send(process.pid, descriptor, number)
            except ProcessLookupError as error:
                raise ChangedError(_gone(process)) from error
            except OSError as error:
                raise StepError(f"process {process.pid} cannot be signalled: {reason(error)}") from error

    def wait_gone(self, process: Process, seconds: float) -> bool:
        """Waits until it has ended; a zombie has. A pinned process is known by its pidfd alone."""
        pinned = self._pinned.get(process.id)
        if pinned is not None:
            return _has_ended(pinned, max(0.0, seconds))
        deadline = time.monotonic() + seconds
        try:
            with self._held(process) as descriptor:
                if descriptor is not None and self._there(process):
                    return _has_ended(descriptor, max(0.0, seconds))
        except ChangedError:
            return True
        except StepError:
            pass  # no descriptor is left: the table shows it as well
        while self._there(process):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_TICK)
        return True

    def wait_state(self, process: Process, stopped: bool, seconds: float) -> bool:
        """Waits until it is stopped, or is not; false when it is gone or does not come to it in time."""
        deadline = time.monotonic() + seconds
        while (current := self._current(process)) is not None:
            if (current.state is ProcessState.STOPPED) == stopped:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_TICK)
        return False

    def _refuse(self, process: Process) -> None:
        if process.pid <= 1:
            raise ChangedError(f"process {process.pid} is never signalled: the machine depends on it")
        own = self._untouchable()
        if process.pid in own[:1]:
            raise ChangedError(f"process {process.pid} is ghostfix itself")
        if process.pid in own:
            raise ChangedError(f"process {process.pid} is an ancestor of ghostfix: it would end itself")

    @contextmanager
    def _held(self, process: Process) -> Iterator[int | None]:
        """The pinned pidfd, or one for now; None where the kernel has none."""
        pinned = self._pinned.get(process.id)
        if pinned is not None:
            yield pinned
            return
        try:
            descriptor = _pidfd(process.pid)
        except ProcessLookupError as error:
            raise ChangedError(_gone(process)) from error
        except OSError as error:
            raise StepError(f"process {process.pid} cannot be held on to: {reason(error)}") from error
        try:
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _is(self, process: Process, descriptor: int) -> bool:
        """Whether the pidfd's process is this one, and lives.

        One that has another argv by now is the same when it still executes the same file: a program that
        shows its progress in its title is never seen twice alike, and the file is not the program's to say.
        """
        current = self._table.one(process.pid)
        if current is None or not current.alive or not same_start(process, current):
            return False
        if process.argv != current.argv and not self._executes_the_same(process, current):
            return False
        return not _has_ended(descriptor)

    def _executes_the_same(self, process: Process, current: Process) -> bool:
        before = None if process.detail is None else process.detail.executable
        return before is not None and before == self._table.detail(current).executable

    def _there(self, process: Process) -> bool:
        """Whether it has not ended; one that is still closing its files and sockets has not."""
        current = self._table.one(process.pid)
        if current is None or current.state is ProcessState.ZOMBIE:
            return False
        return same_start(process, current)

    def _current(self, process: Process) -> Process | None:
        """The process as it is now; None when it has ended or its PID is another process's."""
        current = self._table.one(process.pid)
        if current is None or not current.alive:
            return None
        same = same_start if process.id in self._pinned else same_process
        return current if same(process, current) else None


def _pidfd(pid: int) -> int | None:
    """None where the kernel (macOS, Linux before 5.3) or a sandbox does not offer it."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            return None
        if error.errno == errno.EINVAL:  # before 6.9: the PID is a thread's by now
            raise ProcessLookupError(error.errno, error.strerror) from error
        raise


def _has_ended(descriptor: int, seconds: float = 0.0) -> bool:
    """A pidfd becomes readable when its process ends, reaped or not."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _send(pid: int, descriptor: int | None, number: signals.Signals) -> None:
    if sys.platform == "linux" and descriptor is not None:
        signals.pidfd_send_signal(descriptor, number)
    else:
        os.kill(pid, number)


def _is_leaving(process: Process, current: Process) -> bool:
    """Whether this looks like the process while it ends: its memory goes first, and its argv with that."""
    return bool(process.argv) and not current.argv and same_start(process, current)


def _gone(process: Process) -> str:
    return f"process {process.pid} ({process.name}) has already ended"


def _another(process: Process, current: Process) -> str:
    if same_start(process, current) or process.id == current.id:
        return f"process {process.pid} is not as it was: it now runs {current.name} as {current.user}"
    return f"PID {process.pid} now belongs to another process ({current.name}, of {current.user})"
