r"""Processes and the sockets on which they listen.

Text is stored as it was read, undecodable bytes written as ``\xNN``; hiding secrets and control
characters is the business of ``safe_text``. Times are seconds since the epoch, sizes are bytes.
"""

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct

from ghostfix.model.instant import Instant


class ProcessId(Struct, frozen=True, order=True):
    """The only name for a process that may be signalled: a PID and when its process started."""

    pid: int
    started: Instant


class Birth(Struct, frozen=True):
    """When a process started, on a clock that cannot be set: what identity means where it is kept.

    ``started`` of a ``ProcessId`` is derived from it and from the wall clock, and moves when that is set.
    """

    ticks: int
    """Linux: clock ticks since the boot (proc(5), field 22). macOS: microseconds, as the kernel has them."""
    boot: str
    """The id of the boot since which it runs."""


class ProcessState(Enum):
    RUNNING = "running"
    SLEEPING = "sleeping"
    UNINTERRUPTIBLE = "uninterruptible"
    STOPPED = "stopped"
    ZOMBIE = "zombie"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Variable(Struct, frozen=True):
    """One environment variable."""

    name: str
    value: str


class GroupTasks(Struct, frozen=True):
    """Tasks in a control group, and how many there may be: ``pids.current`` and ``pids.max``."""

    count: int
    limit: int


class ProcessDetail(Struct, frozen=True, kw_only=True):
    """What costs more to read of a process, and is read for few. None means "could not be read"."""

    executable: str | None = None
    """Path of the running image, symlinks resolved."""
    cwd: str | None = None
    interpreter: str | None = None
    """Path of the Python that was called, symlinks *not* resolved, so that a venv is recognisable."""
    prefix: str | None = None
    """``sys.prefix`` of that Python, from the ``pyvenv.cfg`` beside it."""
    resolved_prefix: str | None = None
    """``prefix`` with every symlink of the folder resolved."""
    environment: tuple[Variable, ...] | None = None
    """Only the variables that show what started the process (see ``survey.processes``)."""
    open_files: tuple[str, ...] | None = None
    """Paths of regular files that it holds open."""
    open_file_count: int | None = None
    open_file_limit: int | None = None
    task_limit: int | None = None
    """How many tasks its user may have (``RLIMIT_NPROC``, soft); root is not bound by it."""
    control_group: str | None = None
    group_tasks: GroupTasks | None = None
    """The narrowest limit among its control group and those above it; None when none sets one."""
    container: str | None = None
    """The container's id, when the control group names one."""
    pidfiles: tuple[str, ...] = ()
    """The PID files of the profile that name it."""
    ports: tuple[int, ...] = ()
    """The ports of the profile on which it listens."""
    sister: bool = False
    """It is the same program as another service (see ``survey.sisters``)."""
    imports: tuple[str, ...] = ()
    """The modules that its script imports, where it is the console script of a Python package, perhaps."""

    def variable(self, name: str) -> str | None:
        """The value of environment variable ``name``, or None when unset or unreadable."""
        return next((entry.value for entry in self.environment or () if entry.name == name), None)


class Process(Struct, frozen=True, kw_only=True):
    """One process. ``argv`` is empty for zombies and for the kernel's own threads."""

    id: ProcessId
    ppid: int
    name: str
    argv: tuple[str, ...]
    uid: int
    user: str
    state: ProcessState = ProcessState.SLEEPING
    group: int = 0
    session: int = 0
    memory_bytes: int = 0
    threads: int = 1
    """Linux counts every thread against the limits of processes; 1 where they are not counted."""
    birth: Birth | None = None
    """None where the boot has no id, and in what a version before this one kept."""
    detail: ProcessDetail | None = None

    @property
    def pid(self) -> int:
        return self.id.pid

    @property
    def alive(self) -> bool:
        """False for a zombie: it can neither act nor be signalled."""
        return self.state not in (ProcessState.ZOMBIE, ProcessState.DEAD)


class Listener(Struct, frozen=True, kw_only=True):
    """One listening TCP socket. No ``owners`` means "owner unknown; needs privilege", not "free"."""

    address: str
    port: int
    owners: tuple[int, ...]
    inode: int = 0
    uid: int | None = None


class ProcessTree:
    """Which process is the parent of which, in one reading of the process table."""

    def __init__(self, processes: Iterable[Process]) -> None:
        self.by_pid = {process.pid: process for process in processes}
        self._children: dict[int, list[Process]] = {}
        for process in self.by_pid.values():
            self._children.setdefault(process.ppid, []).append(process)

    def children(self, pid: int) -> tuple[Process, ...]:
        return tuple(self._children.get(pid, ()))

    def ancestors(self, pid: int) -> tuple[Process, ...]:
        """From the parent upwards, as far as it could be seen."""
        found: list[Process] = []
        seen = {pid}
        process = self.by_pid.get(pid)
        while process is not None and process.ppid not in seen:
            seen.add(process.ppid)
            process = self.by_pid.get(process.ppid)
            if process is not None:
                found.append(process)
        return tuple(found)

    def is_sister(self, pid: int | None) -> bool:
        """Whether a process is another service of the same program."""
        process = None if pid is None else self.by_pid.get(pid)
        return process is not None and process.detail is not None and process.detail.sister

    def descendants(self, pid: int) -> tuple[Process, ...]:
        """Children first, then theirs; each process once."""
        found: list[Process] = []
        seen = {pid}
        level = [pid]
        while level:
            below = [child for parent in level for child in self.children(parent) if child.pid not in seen]
            seen.update(child.pid for child in below)
            found.extend(below)
            level = [child.pid for child in below]
        return tuple(found)
