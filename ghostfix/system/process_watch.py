"""Watching the process table: which processes are new, which have ended, what a few use, at little cost.

``/proc`` is listed only when the kernel has given out a PID since the last time (the last field of
``/proc/loadavg``, proc(5)). A watched process is held by a pidfd, so that its end wakes us in the same
instant, however long the pause was to be, and one that gets its PID afterwards is not taken for it. Elsewhere
than on Linux the table is listed each time, and no pause is longer than a tenth of a second.
"""

import os
import resource
import select
import stat
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from ghostfix.model.errors import StepError
from ghostfix.model.process import Process, ProcessId
from ghostfix.model.process_watch import Consumption
from ghostfix.system.folders import opened
from ghostfix.system.linux_processes import read_whole
from ghostfix.system.sockets import parse_tcp

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHORT = 0.1
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LinuxProcessWatch:
    """Implements ``process_watch.ProcessWatch`` with ``/proc`` and pidfds."""

    def __init__(self, process: Callable[[int], Process | None]) -> None:
        """``process`` reads one by its PID, as the caller reads them."""
        self._process = process
        self._last = b""
        self._poll = select.poll()
        self._held: dict[int, ProcessId] = {}
        self._gone: set[ProcessId] = set()
        self._others = PollingProcessWatch(process)
        """Those for which no pidfd can be had."""
        self._most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2

    def pids(self) -> frozenset[int] | None:
        """Everybody's PIDs; None when the kernel has given out none since the last time."""
        try:
            last = read_whole("/proc/loadavg").rsplit(b" ", 1)[-1]
        except OSError:
            last = b""
        if last and last == self._last:
            return None
        self._last = last
        return frozenset(map(int, filter(str.isdecimal, os.listdir("/proc"))))

    def hold(self, process: Process) -> None:
        """Opens a pidfd, and makes sure that it is of this very process.

        Where that cannot be (too many for half of our descriptors, or a container forbids the call), it is
        polled ten times a second.
        """
        if len(self._held) >= self._most:
            self._others.hold(process)
            return
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            self._gone.add(process.id)
            return
        except OSError:
            self._others.hold(process)
            return
        now = self._process(process.pid)
        if now is None or now.id != process.id:
            os.close(descriptor)
            self._gone.add(process.id)
            return
        self._held[descriptor] = process.id
        self._poll.register(descriptor, select.POLLIN)

    def ended(self) -> frozenset[ProcessId]:
        """Those of the held that have ended; each is reported once."""
        for descriptor, _ in self._poll.poll(0):
            self._poll.unregister(descriptor)
            os.close(descriptor)
            self._gone.add(self._held.pop(descriptor))
        gone, self._gone = self._gone | self._others.ended(), set()
        return frozenset(gone)

    def wait(self, seconds: float) -> None:
        """Sleeps until one of the held ends, at most so long."""
        if not self._gone:
            self._poll.poll(max(0.0, min(seconds, _SHORT) if self._others.holds else seconds) * 1000)

    def consumption(self, pids: Iterable[int]) -> Mapping[int, Consumption]:
        """CPU time and memory of these processes, as far as they are there."""
        found = {}
        for pid in pids:
            try:
                fields = read_whole(f"/proc/{pid}/stat").rpartition(b")")[2].split()
                seconds = (int(fields[11]) + int(fields[12])) / _TICKS
                alive = fields[0] not in (b"Z", b"X", b"x")
                found[pid] = Consumption(seconds, int(fields[21]) * _PAGE, alive)
            except (OSError, ValueError, IndexError):
                continue
        return found

    def ports(self) -> frozenset[int] | None:
        """The ports on which any process of this network namespace listens."""
        found: set[int] = set()
        for name in ("tcp", "tcp6"):
            try:
                found.update(row.port for row in parse_tcp(read_whole(f"/proc/net/{name}").decode()))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, IndexError):
                return None
        return frozenset(found)


class PollingProcessWatch:
    """Implements ``process_watch.ProcessWatch`` with psutil, for systems without ``/proc``."""

    def __init__(self, process: Callable[[int], Process | None]) -> None:
        """``process`` reads one by its PID, as the caller reads them."""
        self._process = process
        self._held: dict[int, ProcessId] = {}

    def pids(self) -> frozenset[int] | None:
        """The PIDs of all processes."""
        import psutil

        return frozenset(psutil.pids())

    @property
    def holds(self) -> bool:
        """Whether there is a process whose end is to be seen."""
        return bool(self._held)

    def hold(self, process: Process) -> None:
        """Remembers it."""
        self._held[process.pid] = process.id

    def ended(self) -> frozenset[ProcessId]:
        """Those of the held that are not there any more."""
        gone = set()
        for pid, identity in tuple(self._held.items()):
            now = self._process(pid)
            if now is None or not now.alive or now.id != identity:
                gone.add(self._held.pop(pid))
        return frozenset(gone)

    def wait(self, seconds: float) -> None:
        """Sleeps, and never for long: nothing wakes us here."""
        time.sleep(min(max(0.0, seconds), _SHORT))

    def consumption(self, pids: Iterable[int]) -> Mapping[int, Consumption]:
        """CPU time and memory of these processes, as far as they may be seen."""
        import psutil

        found = {}
        for pid in pids:
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    alive = process.status() != psutil.STATUS_ZOMBIE
                    found[pid] = Consumption(times.user + times.system, process.memory_info().rss, alive)
            except psutil.Error:
                continue
        return found

    def ports(self) -> frozenset[int] | None:
        """The listening ports, where they may be seen."""
        import psutil

        try:
            rows = psutil.net_connections("tcp")
        except (psutil.Error, OSError):
            return None
        return frozenset(row.laddr.port for row in rows if row.status == psutil.CONN_LISTEN and row.laddr)


def publish(path: str, content: bytes) -> None:
    """Puts a file in place in one instant, readable by every user; raises StepError.

    Nothing is written through a name that another user could have made, and nothing but a regular file is
    replaced: not ``/dev/null``, not a symlink.
    """
    try:
        with opened(path) as (folder, name):
            _replace(folder, name, content)
    except StepError as error:
        raise StepError(f"{path} cannot be written: {str(error).removeprefix(f'{path}: ')}") from error


def _replace(folder: int, name: str, content: bytes) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise StepError("it is no regular file, so it is not replaced")
    fresh = f".{os.urandom(8).hex()}.tmp"
    file = os.open(fresh, _NEW, 0o644, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as stream:
            os.fchmod(file, 0o644)
            stream.write(content)
        os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh, dir_fd=folder)
        raise


def is_unread() -> bool:
    """Whether our output is a pipe whose reader has gone: where nothing is written, nothing else shows it."""
    try:
        output = sys.stdout.fileno()
        if not stat.S_ISFIFO(os.fstat(output).st_mode):
            return False
    except (OSError, ValueError):  # closed, or no file at all
        return False
    poll = select.poll()
    poll.register(output, 0)
    return bool(poll.poll(0))


def process_watch(process: Callable[[int], Process | None]) -> LinuxProcessWatch | PollingProcessWatch:
    """The better one for this system: pidfds are there since Linux 5.3."""
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        return LinuxProcessWatch(process)
    return PollingProcessWatch(process)
