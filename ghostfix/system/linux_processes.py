"""Processes on Linux, read from ``/proc`` directly: few cheap files for all, many for few.

Every process is read through one descriptor of its folder: once the process has ended, reads through it
fail, so what is read together belongs together even when the PID is given to another process meanwhile.
"""

import functools
import os
import stat
import time

from ghostfix.model.machine import same_start
from ghostfix.model.process import Birth, Process, ProcessDetail, ProcessId, ProcessState, Variable
from ghostfix.model.reading import Reading
from ghostfix.system.control_group import group_tasks
from ghostfix.system.decoding import decoded
from ghostfix.system.interpreter import called_python, prefix_of
from ghostfix.system.proc_text import (
    Stat,
    parse_cmdline,
    parse_container,
    parse_control_group,
    parse_open_file_limit,
    parse_stat,
    parse_task_limit,
)
from ghostfix.system.processes import MAX_OPEN_FILES, SURROUNDINGS, parse_environ
from ghostfix.system.users import user_name

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_CLOEXEC
_CHUNK = 65_536
_MAX_BYTES = 2_097_152
_DELETED = " (deleted)"
_ATTEMPTS = 10
_INSTANT = 0.001
_FRESH = 1.0
"""Seconds for which one reading of all processes counts: reading a crowd twice would give nothing new."""


class LinuxProcesses:
    """The process table of this machine. ``folder`` is ``/proc``, ``kept`` names the variables to read."""

    def __init__(self, folder: str = "/proc", kept: frozenset[str] = SURROUNDINGS) -> None:
        self._folder = folder
        self._kept = kept
        self._tick = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._seen: tuple[float, tuple[Process, ...]] = (-_FRESH, ())

    @functools.cached_property
    def boot_time(self) -> float:
        """Seconds since the epoch; read once, so that one process keeps one start time.

        Start times count on the clock of the boot, so it is the distance between the two clocks. ``btime`` of
        ``/proc/stat`` says the same in whole seconds.
        """
        return time.clock_gettime(time.CLOCK_REALTIME) - time.clock_gettime(time.CLOCK_BOOTTIME)

    @functools.cached_property
    def boot(self) -> str:
        """The id that the kernel has given to this boot (random(4)); empty where it cannot be read."""
        try:
            return read_whole(f"{self._folder}/sys/kernel/random/boot_id").decode("ascii", "replace").strip()
        except OSError:
            return ""

    def all(self) -> Reading[tuple[Process, ...]]:
        """Every process that could be seen; incomplete when some are hidden from us."""
        found = []
        hidden = 0
        for pid in self.pids():
            try:
                found.append(self._read(pid))
            except PermissionError:
                hidden += 1
            except (OSError, ValueError, IndexError):
                continue  # it ended while it was read
        self._seen = (time.monotonic(), tuple(found))
        if hidden or all(process.pid != 1 for process in found):
            return Reading(tuple(found), "/proc hides the processes of other users (hidepid)", complete=False)
        return Reading(tuple(found))

    def one(self, pid: int) -> Process | None:
        """The process that has this PID now."""
        if pid <= 0:
            return None
        try:
            return self._read(pid)
        except (OSError, ValueError, IndexError):
            return None

    def pids(self) -> list[int]:
        """The PIDs of all processes that are listed, in no order."""
        try:
            return [int(name) for name in os.listdir(self._folder) if name.isdecimal()]
        except OSError:
            return []

    def counts(self) -> tuple[int, int, int]:
        """Processes, zombies among them, and processes of our own user, as just seen if they were."""
        processes = zombies = ours = 0
        own_uid = os.getuid()
        taken, seen = self._seen
        if time.monotonic() - taken < _FRESH:
            dead = sum(process.state is ProcessState.ZOMBIE for process in seen)
            return len(seen), dead, sum(process.uid == own_uid for process in seen)
        for pid in self.pids():
            folder = f"{self._folder}/{pid}"
            try:
                state = parse_stat(read_whole(f"{folder}/stat")).state
                ours += os.stat(folder).st_uid == own_uid
            except (OSError, ValueError, IndexError):
                continue
            processes += 1
            zombies += state is ProcessState.ZOMBIE
        return processes, zombies, ours

    def cwd(self, process: Process) -> str | None:
        """The working directory of the process that has this PID; one link is read, nothing is compared."""
        return _link(None, f"{self._folder}/{process.pid}/cwd")

    def is_elsewhere(self, process: Process) -> bool:
        """Whether its PID namespace is another one than our own; two links are read."""
        own, its = (_link(None, f"{self._folder}/{pid}/ns/pid") for pid in (os.getpid(), process.pid))
        return own is not None and its is not None and own != its

    def environment(self, process: Process) -> tuple[Variable, ...] | None:
        """The variables of the process that has this PID; one file is read, nothing is compared."""
        return self._ownership(None, f"{self._folder}/{process.pid}/environ")

    def detail(self, process: Process) -> ProcessDetail:
        """What costs more to read; all None when the process is gone or is another one."""
        try:
            folder = os.open(f"{self._folder}/{process.pid}", _FOLDER)
        except OSError:
            return ProcessDetail()
        try:
            # By its start: a program that shows its progress in its title has another argv at each reading.
            if not same_start(process, self._read_in(folder, process.pid)):
                return ProcessDetail()
            detail = self._detail_in(folder, process)
            after = self._read_in(folder, process.pid)
            still_there = same_start(process, after) and after.alive
        except (OSError, ValueError, IndexError):
            return ProcessDetail()
        finally:
            os.close(folder)
        return detail if still_there else ProcessDetail()

    @functools.cached_property
    def _own_container(self) -> str | None:
        """The container that ghostfix itself runs in: to be in it too is to be at home."""
        try:
            return parse_container(decoded(read_whole(f"{self._folder}/self/cgroup")))
        except OSError:
            return None

    def _read(self, pid: int) -> Process:
        folder = os.open(f"{self._folder}/{pid}", _FOLDER)
        try:
            return self._read_in(folder, pid)
        finally:
            os.close(folder)

    def _read_in(self, folder: int, pid: int) -> Process:
        facts, argv = _read_together(folder)
        uid = os.fstat(folder).st_uid  # the effective user id, as ps(1) shows it; /proc/PID/status is slow
        return Process(
            id=ProcessId(pid, facts.started / self._tick + self.boot_time),
            ppid=facts.ppid,
            name=facts.name,
            argv=argv,
            uid=uid,
            user=user_name(uid),
            state=facts.state,
            group=facts.group,
            session=facts.session,
            memory_bytes=facts.pages * self._page,
            threads=facts.threads,
            birth=Birth(facts.started, self.boot) if self.boot else None,
        )

    def _ownership(self, folder: int | None, path: str) -> tuple[Variable, ...] | None:
        try:
            return parse_environ(read_whole(path, folder), self._kept)
        except OSError:
            return None

    def _detail_in(self, folder: int, process: Process) -> ProcessDetail:
        executable, cwd = _link(folder, "exe"), _link(folder, "cwd")
        variables = self._ownership(folder, "environ")
        files, count = _open_files(folder)
        cgroup = decoded(_read_or_empty(folder, "cgroup"))
        group, container = parse_control_group(cgroup), parse_container(cgroup)
        limits = _read_or_empty(folder, "limits")
        search_path = next((each.value for each in variables or () if each.name == "PATH"), None)
        python = called_python(process.argv, cwd, search_path, executable, None)
        prefix = None if python is None else prefix_of(python)
        return ProcessDetail(
            executable=executable,
            cwd=cwd,
            interpreter=python,
            prefix=prefix,
            resolved_prefix=None if prefix is None else os.path.realpath(prefix),
            environment=variables,
            open_files=files,
            open_file_count=count,
            open_file_limit=parse_open_file_limit(limits),
            task_limit=None if process.uid == 0 else parse_task_limit(limits),
            control_group=group,
            group_tasks=None if group is None else group_tasks(group),
            container=None if container == self._own_container else container,
        )


def _read_together(folder: int) -> tuple[Stat, tuple[str, ...]]:
    """The state and the command line of one moment.

    The command line is read first: a process that loses it by exiting is then seen to exit. One that is just
    being executed has none for an instant either, so it is asked again.
    """
    attempts = 0
    while True:
        argv = parse_cmdline(read_whole("cmdline", folder))
        facts = parse_stat(read_whole("stat", folder))
        if facts.state in (ProcessState.ZOMBIE, ProcessState.DEAD):
            return facts, ()
        if argv or facts.virtual_bytes == 0 or attempts == _ATTEMPTS:
            return facts, argv
        attempts += 1
        time.sleep(_INSTANT)


def read_whole(path: str, folder: int | None = None) -> bytes:
    """A file of ``/proc``, at most 2 MiB of it; raises OSError."""
    file = os.open(path, _FILE, dir_fd=folder)
    try:
        chunk = os.read(file, _CHUNK)
        if len(chunk) < 4096:
            return chunk
        chunks = [chunk]
        total = len(chunk)
        while chunk and total < _MAX_BYTES:
            chunk = os.read(file, _CHUNK)
            chunks.append(chunk)
            total += len(chunk)
        return b"".join(chunks)
    finally:
        os.close(file)


def _read_or_empty(folder: int, name: str) -> bytes:
    try:
        return read_whole(name, folder)
    except OSError:
        return b""


def _link(folder: int | None, name: str) -> str | None:
    try:
        target = decoded(os.fsencode(os.readlink(name, dir_fd=folder)))
    except OSError:
        return None
    return target.removesuffix(_DELETED)


def _open_files(folder: int) -> tuple[tuple[str, ...] | None, int | None]:
    """Paths of the regular files that are open, and how many descriptors there are of any kind."""
    try:
        descriptors = os.open("fd", _FOLDER, dir_fd=folder)
    except OSError:
        return None, None
    try:
        names = os.listdir(descriptors)
        found = {_regular_file(descriptors, name) for name in names[:MAX_OPEN_FILES]}
    except OSError:
        return None, None
    finally:
        os.close(descriptors)
    return tuple(sorted(path for path in found if path is not None)), len(names)


def _regular_file(descriptors: int, name: str) -> str | None:
    try:
        path = os.readlink(name, dir_fd=descriptors)
        if not path.startswith("/") or path.startswith("/memfd:") or path == os.devnull:
            return None
        if not stat.S_ISREG(os.stat(name, dir_fd=descriptors).st_mode):
            return None
    except OSError:
        return None
    return decoded(os.fsencode(path)).removesuffix(_DELETED)
