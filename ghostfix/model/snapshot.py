r"""What is there: plain records of one survey of a machine.

Every record is frozen and serialisable, so that a snapshot can be saved, attached to a bug report and
judged again elsewhere. Text from the machine is stored as it was read (undecodable bytes written as
``\xNN``); hiding secrets and control characters is the business of ``safe_text``.

Times are seconds since the epoch, sizes are bytes, percentages run from 0 to 100.
"""

from enum import Enum
from functools import cached_property

from msgspec import Struct

from ghostfix.model.instant import Instant
from ghostfix.model.job import Job, JobsOfKind
from ghostfix.model.last_end import LastEnd
from ghostfix.model.observation import Observation
from ghostfix.model.process import Listener, Process, ProcessTree
from ghostfix.model.reading import Reading, Source


class PidFileState(Enum):
    READABLE = "readable"
    EMPTY = "empty"
    MALFORMED = "malformed"
    SYMLINK = "symlink"
    NOT_A_FILE = "not-a-file"
    UNREADABLE = "unreadable"


class FileKind(Enum):
    REGULAR = "regular"
    FOLDER = "folder"
    SYMLINK = "symlink"
    OTHER = "other"


class FileStatus(Struct, frozen=True, kw_only=True):
    """``lstat`` of a path: which file this is, and whose."""

    kind: FileKind
    device: int
    inode: int
    size: int
    mode: int
    """Permission bits, such as 0o644."""
    uid: int
    gid: int
    modified: float


class PidFile(Struct, frozen=True, kw_only=True):
    """A PID file that exists. ``pid`` is the number on its first line, when there is one."""

    path: str
    state: PidFileState
    pid: int | None = None
    status: FileStatus | None = None
    content: bytes = b""
    """At most the first 4,096 bytes."""
    locked: bool | None = None
    """Whether a process holds a kernel lock on it; None when that cannot be seen."""
    problem: str | None = None


class VenvState(Enum):
    WORKS = "works"
    MISSING = "missing"
    BROKEN = "broken"


class Venv(Struct, frozen=True, kw_only=True):
    """The virtual environment that the profile asks for, proven by running its interpreter."""

    path: str
    state: VenvState
    python: str
    """Path of its interpreter, whether or not it exists."""
    resolved: str | None = None
    """``path`` with every symlink resolved; None when it does not exist."""
    version: str | None = None
    missing: tuple[str, ...] = ()
    """Required packages that it cannot import."""
    problem: str | None = None


class PythonOnPath(Struct, frozen=True):
    """A Python found on the PATH; ``resolved`` is where its symlinks lead."""

    path: str
    resolved: str


class Environment(Struct, frozen=True, kw_only=True):
    venv: Venv | None
    pythons: tuple[PythonOnPath, ...]


class NetworkCounters(Struct, frozen=True):
    """Since boot, all interfaces together."""

    bytes_sent: int
    bytes_recv: int
    packets_sent: int
    packets_recv: int


class Resources(Struct, frozen=True, kw_only=True):
    cpu_load: float
    """One-minute load average."""
    cpu_count: int
    memory_percent: float
    swap_percent: float
    disk_percent: float
    """Of the file system that holds the service's directory."""
    process_count: int
    zombie_count: int
    user_process_count: int
    user_process_limit: int | None
    """The kernel's limit for this user (``RLIMIT_NPROC``); None when unlimited or unknown."""
    task_limit: int | None = None
    """How many tasks the kernel has room for (``pid_max``, ``threads-max``); None when unknown."""
    net: NetworkCounters | None


class Reason(Enum):
    """Why a program could not go on, as its own words have it."""

    EXCEPTION = "exception"
    ADDRESS_IN_USE = "address-in-use"
    ALREADY_RUNNING = "already-running"
    LOCK_HELD = "lock-held"
    PERMISSION_DENIED = "permission-denied"
    NO_SUCH_FILE = "no-such-file"
    MISSING_MODULE = "missing-module"
    BAD_CONFIGURATION = "bad-configuration"
    CANNOT_CONNECT = "cannot-connect"
    OUT_OF_MEMORY = "out-of-memory"
    CRASH = "crash"
    """A signal of its own making: a segmentation fault, a failed assertion, an abort."""
    OTHER = "other"


class LoggedError(Struct, frozen=True, kw_only=True):
    """One kind of error in a log: the same type and message, however often."""

    exception: str
    """Its class, or what the language calls it (``panic``); empty where the program names none."""
    message: str
    count: int
    first_line: int
    last_line: int
    place: str | None = None
    """File and line of the innermost frame that is the user's own code; of the innermost where none is."""
    first_at: float | None = None
    last_at: float | None = None
    """From the records' own timestamps; None when they have none."""
    after: float | None = None
    """When the last one has no time of its own: that of the nearest line above that has one."""
    since_start: int | None = None
    """So many of them are known to have come since the present instance started; None when none runs."""
    reason: Reason = Reason.EXCEPTION
    about: str | None = None
    """The port, address, file, module or PID that the reason is about."""
    handled: bool = False
    """Logged below the level ERROR: the program caught it and went on."""


class LogExcerpt(Struct, frozen=True, kw_only=True):
    """What was found in the part of a log that was read."""

    path: str
    size: int
    modified: float
    read_from: int
    """Offset in bytes of the first byte that was read; the first line is counted from there."""
    errors: tuple[LoggedError, ...] = ()
    ending: LoggedError | None = None
    """The last record, at the end of the log, that can tell why a program ended, in whatever words."""
    last_lines: tuple[str, ...] = ()
    """The last lines that say anything, cut to a readable length."""
    problem: str | None = None


class Expectation(Struct, frozen=True):
    """One key of the health document: what the profile wants, and what is there, as JSON text."""

    key: str
    wanted: str
    actual: str | None
    """None when the key is absent."""

    @property
    def met(self) -> bool:
        return self.actual == self.wanted

    @property
    def in_words(self) -> str:
        """Of one that is not met: ``components.db is "down", not "up"``."""
        return f"{self.key} is {'missing' if self.actual is None else self.actual}, not {self.wanted}"


class HttpAnswer(Struct, frozen=True, kw_only=True):
    """What a URL answered. ``problem`` says why there is no usable answer."""

    url: str
    status: int | None = None
    body: str = ""
    """At most the first 64 KiB, decoded."""
    elapsed: float = 0.0
    problem: str | None = None


WEBHOOK_NOT_SENT: Reading[HttpAnswer | None] = Reading(None, "not sent; --probe-webhook sends it")
"""The reading of a webhook to which nothing was sent."""


NOT_OBSERVED: Reading[Observation | None] = Reading(None, "not watched; --observe 10s watches it")
"""The reading of a service that was surveyed, and not watched."""
_NO_ENDS: Reading[tuple[LastEnd, ...]] = Reading(())
"""What a snapshot of before has: its managers were not asked."""


class HealthAnswer(Struct, frozen=True, kw_only=True):
    answer: HttpAnswer
    expectations: tuple[Expectation, ...] = ()
    summary: str | None = None
    """The document's own top-level ``status``, when it has one."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Why it is not the answer that the profile wants; empty when it is.

        No answer at all, or a status other than 2xx, a document that cannot be used, and every expectation
        that is not met.
        """
        status, problem = self.answer.status, self.answer.problem
        if status is None:
            return (problem or "no answer",)
        bad_status = None if 200 <= status < 300 else f"HTTP status {status}"
        unmet = (one.in_words for one in self.expectations if not one.met)
        return tuple(fault for fault in (bad_status, problem, *unmet) if fault is not None)


class Host(Struct, frozen=True, kw_only=True):
    hostname: str
    platform: str
    """``linux`` or ``macos``."""
    python: str
    boot_time: float | None = None
    user: str = ""
    uid: int = 0


class Snapshot(Struct, frozen=True, kw_only=True, dict=True):
    """One survey of a machine with one service in mind."""

    taken_at: Instant
    host: Host
    own_pids: tuple[int, ...]
    """ghostfix itself and its ancestors: never a part of the service."""
    processes: Reading[tuple[Process, ...]]
    listeners: Reading[tuple[Listener, ...]]
    pidfiles: Reading[tuple[PidFile, ...]]
    environment: Reading[Environment]
    resources: Reading[Resources | None]
    logs: Reading[tuple[LogExcerpt, ...]]
    health: Reading[HealthAnswer | None]
    webhook: Reading[HttpAnswer | None]
    restarters: tuple[JobsOfKind, ...]
    ends: Reading[tuple[LastEnd, ...]] = _NO_ENDS
    """How the service's jobs came to their last end, by what their managers keep of it."""
    observation: Reading[Observation | None] = NOT_OBSERVED
    runner: str | None = None
    """The user as which root runs what lies in the service's directory, when that is another user's."""
    former_user: str | None = None
    """The user who wrote its PID files and logs, when that is one user and not root."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every job that leads to the service, in the restarters' order."""
        return tuple(job for kind in self.restarters for job in kind.reading.value)

    def process(self, pid: int) -> Process | None:
        """The process with this PID, if it was there."""
        return self.tree.by_pid.get(pid)

    @cached_property
    def tree(self) -> ProcessTree:
        """Who is whose parent."""
        return ProcessTree(self.processes.value)

    def problems(self, source: Source) -> tuple[str, ...]:
        """Why parts of a source could not be read; empty when it was read whole."""
        if source is Source.RESTARTERS:
            incomplete = [kind for kind in self.restarters if not kind.reading.complete]
            return tuple(f"{kind.kind}: {kind.reading.problem}" for kind in incomplete)
        reading = self._reading(source)
        return () if reading.complete else (reading.problem or f"{source.value} could not be read",)

    def _reading(self, source: Source) -> Reading[object]:
        readings: dict[Source, Reading[object]] = {
            Source.PROCESSES: self.processes,
            Source.LISTENERS: self.listeners,
            Source.PIDFILES: self.pidfiles,
            Source.ENVIRONMENT: self.environment,
            Source.RESOURCES: self.resources,
            Source.LOGS: self.logs,
            Source.HEALTH: self.health,
            Source.WEBHOOK: self.webhook,
            Source.ENDS: self.ends,
            Source.OBSERVATION: self.observation,
        }
        return readings[source]
