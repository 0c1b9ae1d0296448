"""Processes as psutil reads them: on macOS, where there is no ``/proc``."""

import ctypes
import functools
import os
from collections.abc import Callable

import psutil

from ghostfix.model.machine import same_start
from ghostfix.model.process import Birth, Process, ProcessDetail, ProcessId, ProcessState, Variable
from ghostfix.model.reading import Reading
from ghostfix.system.decoding import storable
from ghostfix.system.interpreter import called_python, prefix_of
from ghostfix.system.processes import MAX_OPEN_FILES, SURROUNDINGS, ownership
from ghostfix.system.users import user_name

_STATES = {
    psutil.STATUS_RUNNING: ProcessState.RUNNING,
    psutil.STATUS_SLEEPING: ProcessState.SLEEPING,
    psutil.STATUS_IDLE: ProcessState.SLEEPING,
    psutil.STATUS_DISK_SLEEP: ProcessState.UNINTERRUPTIBLE,
    psutil.STATUS_STOPPED: ProcessState.STOPPED,
    psutil.STATUS_TRACING_STOP: ProcessState.STOPPED,
    psutil.STATUS_ZOMBIE: ProcessState.ZOMBIE,
    psutil.STATUS_DEAD: ProcessState.DEAD,
}


class PsutilProcesses:
    """The process table of this machine, read through psutil; ``kept`` names the variables that are read."""

    def __init__(self, kept: frozenset[str] = SURROUNDINGS) -> None:
        self._kept = kept

    def all(self) -> Reading[tuple[Process, ...]]:
        """Every process; ``problem`` says how many kept their command line to themselves."""
        found = []
        silent = 0
        for pid in psutil.pids():
            process = self.one(pid)
            if process is None:
                continue
            found.append(process)
            silent += pid > 1 and process.alive and not process.argv
        note = f"the command lines of {silent} processes of other users could not be read" if silent else None
        return Reading(tuple(found), note)

    def one(self, pid: int) -> Process | None:
        """The process that has this PID now."""
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                return _read(process, self.boot)
        except (psutil.Error, OSError, ValueError):
            return None

    @property
    def boot_time(self) -> float:
        """Seconds since the epoch."""
        return float(psutil.boot_time())

    @functools.cached_property
    def boot(self) -> str:
        """The id of the boot (``kern.bootsessionuuid``); empty where the system has none."""
        size = ctypes.c_size_t(64)
        value = ctypes.create_string_buffer(size.value)
        try:
            failed = ctypes.CDLL(None).sysctlbyname(
                b"kern.bootsessionuuid", value, ctypes.byref(size), None, ctypes.c_size_t(0)
            )
        except (AttributeError, OSError):  # there is no such call but on BSD and macOS
            return ""
        return "" if failed else value.value.decode("ascii", "replace")

    def counts(self) -> tuple[int, int, int]:
        """Processes, zombies among them, and processes of our own user."""
        seen = self.all().value
        own_uid = os.getuid()
        return (
            len(seen),
            sum(process.state is ProcessState.ZOMBIE for process in seen),
            sum(process.uid == own_uid for process in seen),
        )

    def cwd(self, process: Process) -> str | None:
        """Its working directory; None when it is gone or may not be read."""
        try:
            return _cwd(psutil.Process(process.pid))
        except (psutil.Error, OSError):
            return None

    def is_elsewhere(self, _process: Process) -> bool:
        """No: macOS has no PID namespaces."""
        return False

    def environment(self, process: Process) -> tuple[Variable, ...] | None:
        """Those of its variables that show what started it; None when it may not be read."""
        try:
            environ = _environ(psutil.Process(process.pid))
        except (psutil.Error, OSError):
            return None
        return None if environ is None else ownership(environ.items(), self._kept)

    def detail(self, process: Process) -> ProcessDetail:
        """What costs more to read; all None when the process is gone or is another one."""
        current = self.one(process.pid)
        if current is None or not same_start(process, current) or not current.alive:
            return ProcessDetail()
        try:
            detail = _detail(psutil.Process(process.pid), process.argv, self._kept)
        except (psutil.Error, OSError):
            return ProcessDetail()
        after = self.one(process.pid)
        return detail if after is not None and same_start(process, after) else ProcessDetail()


def _read(process: psutil.Process, boot: str) -> Process:
    started = process.create_time()
    uid = process.uids().effective
    state = _STATES.get(process.status(), ProcessState.UNKNOWN)
    return Process(
        id=ProcessId(process.pid, started),
        ppid=process.ppid(),
        name=storable(process.name()),
        argv=_argv(process) if state is not ProcessState.ZOMBIE else (),
        uid=uid,
        user=user_name(uid),
        state=state,
        group=_of_kernel(process.pid, os.getpgid),
        session=_of_kernel(process.pid, os.getsid),
        memory_bytes=_memory(process),
        # The kernel wrote the wall clock down at the start, to the microsecond, and leaves it so.
        birth=Birth(round(started * 1_000_000), boot) if boot else None,
    )


def _argv(process: psutil.Process) -> tuple[str, ...]:
    try:
        return tuple(storable(word) for word in process.cmdline())
    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
        return ()


def _of_kernel(pid: int, ask: Callable[[int], int]) -> int:
    try:
        return ask(pid)
    except OSError:
        return 0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except (psutil.Error, OSError):
        return 0


def _detail(process: psutil.Process, argv: tuple[str, ...], kept: frozenset[str]) -> ProcessDetail:
    executable, cwd = _executable(process), _cwd(process)
    environ = _environ(process)
    known = environ or {}
    python = called_python(argv, cwd, known.get("PATH"), executable, known.get("__PYVENV_LAUNCHER__"))
    prefix = None if python is None else prefix_of(python)
    return ProcessDetail(
        executable=executable,
        cwd=cwd,
        interpreter=python,
        prefix=prefix,
        resolved_prefix=None if prefix is None else os.path.realpath(prefix),
        environment=None if environ is None else ownership(environ.items(), kept),
        open_files=_open_files(process),
        open_file_count=_open_file_count(process),
    )


def _executable(process: psutil.Process) -> str | None:
    try:
        return storable(process.exe()) or None
    except (psutil.Error, OSError):
        return None


def _cwd(process: psutil.Process) -> str | None:
    try:
        return storable(process.cwd()) or None
    except (psutil.Error, OSError):
        return None


def _environ(process: psutil.Process) -> dict[str, str] | None:
    try:
        return {storable(name): storable(value) for name, value in process.environ().items()}
    except (psutil.Error, OSError):
        return None


def _open_files(process: psutil.Process) -> tuple[str, ...] | None:
    try:
        files = process.open_files()[:MAX_OPEN_FILES]
    except (psutil.Error, OSError):
        return None
    return tuple(sorted({storable(file.path) for file in files}))


def _open_file_count(process: psutil.Process) -> int | None:
    try:
        return int(process.num_fds())
    except (psutil.Error, OSError):
        return None
