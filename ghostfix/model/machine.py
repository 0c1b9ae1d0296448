"""The machine, as the rest of ghostfix sees it: what can be asked of it, and what can be done to it.

``System`` only reads. ``ActingSystem`` also acts, and is handed to ``execute`` (through the pipeline)
and to the steps that it applies, and to no other code: what has only a ``System`` cannot act.
``system/`` implements both for the machine at hand; the tests implement them in memory.

No method raises because of the machine's state when it only reads: it answers with a ``Reading``, a
None or a record with a ``problem``. An act that does not succeed raises ``StepError``; an act that was
not done because the machine is not as expected raises ``ChangedError``.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from msgspec import Struct

from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessId, Variable
from ghostfix.model.process_watch import ProcessWatch
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileStatus, Host, HttpAnswer, Resources

_INSTANT, _WHOLE_SECOND = 0.02, 1.02
"""Seconds between two readings of one start time by the wall clock."""


class Platform(Enum):
    LINUX = "linux"
    MACOS = "macos"


class Signal(Enum):
    TERM = "TERM"
    KILL = "KILL"
    INT = "INT"
    HUP = "HUP"
    QUIT = "QUIT"
    STOP = "STOP"
    CONT = "CONT"
    USR1 = "USR1"
    USR2 = "USR2"


class Touch(Enum):
    """What is written down of a process that an act touches, so that undo finds it."""

    HELD = "held"
    """About to be stopped (SIGSTOP) or ended."""
    STARTED = "started"


Note = Callable[[Touch, tuple[Process, ...]], None]


class Caller(Struct, frozen=True, kw_only=True):
    """Who runs ghostfix, and from where."""

    uid: int
    gid: int
    user: str
    home: str
    cwd: str
    pid: int
    ancestors: tuple[int, ...]
    """PIDs from the parent up to PID 1: the shell, the terminal, the ssh session."""

    @property
    def own_pids(self) -> tuple[int, ...]:
        """Ghostfix itself and its ancestors: never a part of any service, and never signalled."""
        return (self.pid, *self.ancestors)


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """What a command answered. ``status`` is None when it did not run to its end; ``problem`` says why."""

    argv: tuple[str, ...]
    status: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    problem: str | None = None

    @property
    def text(self) -> str:
        r"""Standard output, decoded; undecodable bytes written as ``\xNN``."""
        return self.stdout.decode(errors="backslashreplace")

    @property
    def complaint(self) -> str:
        """The last line of standard error, or why the command did not run, in one line."""
        if self.problem is not None:
            return self.problem
        lines = self.stderr.decode(errors="backslashreplace").strip().splitlines()
        return lines[-1] if lines else f"exit status {self.status}"


class System(Protocol):
    """Reads a machine; changes nothing on it."""

    @property
    def platform(self) -> Platform: ...

    @property
    def managers(self) -> tuple[ManagerSigns, ...]:
        """How each manager that ghostfix knows is recognised, in the order of the register."""
        ...

    def caller(self) -> Caller: ...

    def host(self) -> Host: ...

    def boot(self) -> str:
        """The id of the boot since which the machine runs; empty where it has none."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps, for deadlines."""
        ...

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        ...

    def variable(self, name: str) -> str | None:
        """A variable of ghostfix's own environment."""
        ...

    # processes

    def processes(self) -> Reading[tuple[Process, ...]]:
        """Every process, without ``detail``. Those that vanish while they are read are left out."""
        ...

    def process(self, pid: int) -> Process | None:
        """The process that has this PID now, without ``detail``; None when there is none."""
        ...

    def process_watch(self) -> ProcessWatch:
        """A view of the process table for a caller that polls it again and again."""
        ...

    def detail(self, process: Process) -> ProcessDetail:
        """What costs more to read; what cannot be read, or is another process's by now, is None."""
        ...

    def cwd(self, process: Process) -> str | None:
        """Its working directory, at a small part of the cost of ``detail``; None when it cannot be seen."""
        ...

    def is_elsewhere(self, process: Process, /) -> bool:
        """Whether it lives in another PID namespace than the caller; no, where that cannot be seen."""
        ...

    def environment(self, process: Process) -> tuple[Variable, ...] | None:
        """The ``environment`` of its detail, at a small part of the cost; None when it cannot be seen."""
        ...

    def listeners(self) -> Reading[tuple[Listener, ...]]:
        """Every listening TCP socket; incomplete when some owner could not be seen."""
        ...

    def resources(self, directory: str) -> Reading[Resources | None]:
        """The machine's load, memory, counts and counters; the disk is the one that holds ``directory``."""
        ...

    # files

    def status(self, path: str) -> Reading[FileStatus | None]:
        """``lstat``. None means that there is no such file; incomplete, that it could not be read."""
        ...

    def read(self, path: str, limit: int, offset: int = 0) -> Reading[bytes]:
        """At most ``limit`` bytes of a regular file, symlinks followed, never blocking on a FIFO.

        Incomplete only when it could not be read; reading less than there is, is complete.
        """
        ...

    def read_as_owner(self, path: str, limit: int) -> Reading[bytes]:
        """As ``read``, with the rights with which the file would be acted on; of a symlink nothing.

        For what a step is to change, keep or give back: root reads in a user's folder with that user's
        rights, and follows no symlink there that another user made.
        """
        ...

    def names(self, folder: str) -> Reading[tuple[str, ...]]:
        """The names in a folder, sorted. A folder that does not exist is empty and complete."""
        ...

    def paths(self, pattern: str) -> tuple[str, ...]:
        """The existing paths that match a shell pattern (``*``, ``?``, ``[...]``, ``**``), sorted."""
        ...

    def resolve(self, path: str) -> str:
        """The path with every symlink resolved, as far as it exists."""
        ...

    def program(self, name: str, user: str | None = None) -> str | None:
        """Where a command is found on ghostfix's own PATH, or on the one of what root runs as ``user``."""
        ...

    def search_path(self, user: str | None = None) -> str:
        """That PATH: ghostfix's own, or the standard one that another user's programs get from root."""
        ...

    def is_locked(self, path: str) -> bool | None:
        """Whether a process holds a kernel lock on the file; None when that cannot be seen."""
        ...

    # commands and the network

    def ask(
        self, argv: Sequence[str], timeout: float = 5.0, cwd: str | None = None, user: str | None = None
    ) -> CommandAnswer:
        """Runs a command that only reads, without a shell, standard input empty, output bounded at 8 MiB.

        It runs as ``user`` when root asks, with a fresh environment: what lies in a user's folder gets
        no other user's rights, and no other user's secrets.
        """
        ...

    def get(self, url: str, timeout: float, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """GET, redirects not followed, the whole bounded by ``timeout`` seconds and 64 KiB.

        A redirect is an answer (its status); ``headers`` are extra request headers.
        """
        ...


class ActingSystem(System, Protocol):
    """Reads a machine, and acts on it."""

    # processes

    def pin(self, process: Process) -> None:
        """Keeps hold of this process from now on, where the kernel can (a pidfd on Linux).

        A later ``signal`` then reaches this process or none. One that has another argv by now is still held
        when it executes the same file. Does nothing for one that is gone.
        """
        ...

    def unpin(self) -> None:
        """Lets go of every process that was pinned: a plan that is not carried out needs none."""
        ...

    def noting(self, note: Note) -> AbstractContextManager[None]:
        """While the context lasts, ``note`` is called with the processes that an act touches.

        With each process before it is stopped (SIGSTOP), and with each that ``spawn`` has started.
        """
        ...

    def note_held(self, processes: Sequence[Process]) -> None:
        """Has those of them noted, in one go, that are about to be ended and are not noted yet."""
        ...

    def signal(self, process: Process, signal: Signal) -> None:
        """Signals this very process: start time, argv and uid are compared at the last instant.

        Of a pinned process argv and uid are not: it is the one, whatever it calls itself by now. Raises
        ChangedError when it is gone or is another process by now, or is one that ghostfix never signals (PID
        1 and below, itself, its ancestors), StepError when the kernel refuses.
        """
        ...

    def wait_gone(self, process: Process, seconds: float) -> bool:
        """Waits until this process has ended (a zombie has); false when it has not in that time.

        Of a pinned process this is certain, whichever process has its PID and whatever its argv by now. Of
        another one, a process with its PID, start time and user counts as it: "ended" never comes too early.
        """
        ...

    def wait_state(self, process: Process, stopped: bool, seconds: float) -> bool:
        """Waits until this process is stopped (or is not); false when it has not come to it in time."""
        ...

    def spawn(
        self,
        argv: Sequence[str],
        cwd: str,
        variables: Mapping[str, str],
        log: str,
        *,
        user: str | None = None,
        note: bytes = b"",
        mark: str = "",
    ) -> Process:
        """Starts a command that outlives ghostfix: its own session, input empty, output appended to ``log``.

        ``variables`` come on top of ghostfix's own environment. To the one that ``mark`` names ``:PID`` is
        added: what inherits it has another PID. ``note`` is written to the log first. When root asks, the
        command runs as ``user`` with a fresh environment, and the log is made and opened with that user's
        rights.
        Raises StepError when it cannot start.
        """
        ...

    def command(
        self,
        argv: Sequence[str],
        timeout: float,
        stdin: bytes = b"",
        cwd: str | None = None,
        user: str | None = None,
        *,
        to_its_end: bool = False,
    ) -> CommandAnswer:
        """Runs a command that may change the machine, without a shell; as ``user`` when root asks.

        All of ``stdin`` is there before the command starts, so it acts on the whole of it or not at all,
        even when ghostfix ends. With ``to_its_end`` an interruption waits for it, and it holds the locks of
        ``lock_shared`` until it has ended: the next holder of such a lock sees what it did. That is for a
        command that ends soon, and leaves no daemon behind.
        """
        ...

    def attach(self, argv: Sequence[str], cwd: str, variables: Mapping[str, str]) -> int:
        """Runs a command with ghostfix's own input and output, and gives its exit status."""
        ...

    # files: never through another user's symlink, never what is not the expected regular file; and in
    # a user's folder, when root acts, with the rights of its owner

    def move_aside(self, path: str, expected: FileStatus, content: bytes | None = None) -> str:
        """Renames a file or folder to a free name beside it, and gives that name.

        ``content``, when given, is compared again at the last moment.
        """
        ...

    def move_back(self, aside: str, path: str) -> None:
        """Undoes ``move_aside``; raises ChangedError when ``path`` exists again."""
        ...

    def replace(self, path: str, content: bytes, expected: FileStatus, before: bytes) -> None:
        """Replaces a file's content atomically, mode and owner kept, if it still is as expected."""
        ...

    def create(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Creates a file that does not exist, durably; raises ChangedError when it does."""
        ...

    def remove_empty_folder(self, path: str) -> None:
        """Removes a folder that has nothing in it; leaves any other as it is."""
        ...

    def save(self, path: str, content: bytes) -> None:
        """Writes a file that the user named, in place of what it held; relative to the current folder."""
        ...

    def remove(self, path: str, expected: FileStatus, content: bytes) -> None:
        """Removes a file that ghostfix itself made, if it is still that file with that content."""
        ...

    def make_folder(self, path: str, mode: int = 0o755) -> None:
        """Makes a folder and its parents; one that exists keeps its mode."""
        ...

    def make_private_folder(self, path: str) -> None:
        """Makes a folder and its parents with mode 0700, and closes one of our own that others can look into.

        One that others can write to, a symlink or another user's is left as it is.
        """
        ...

    def append(self, path: str, content: bytes, mode: int = 0o600) -> None:
        """Appends to a file (created with ``mode``) and returns when it is on the disk."""
        ...

    def lock(self, path: str, note: bytes) -> AbstractContextManager[None]:
        """Holds a kernel lock on a file while the context lasts; the file then contains ``note``.

        Raises ChangedError, with the holder's note as its message, when another process holds it.
        """
        ...

    def lock_folder(self, path: str) -> AbstractContextManager[None]:
        """Holds a kernel lock on a folder while the context lasts; nothing is written anywhere.

        Every process that can open the folder takes part, whatever its user. Does nothing where the folder
        cannot be opened or locked. Raises ChangedError, naming the holder where that can be seen, when
        another process holds it.
        """
        ...

    def lock_shared(self, path: str, user: str | None, seconds: float) -> AbstractContextManager[None]:
        """Holds a kernel lock on a folder that several repairs may edit, while the context lasts.

        Root and ``user`` (None: the owner of the folder) take part; where that user may not open the folder,
        the lock is on one above it. Nothing is written anywhere. It waits for another holder at most
        ``seconds``, and then raises ChangedError that names them. Does nothing where nothing can be locked,
        or this process holds it already.
        """
        ...

    # the network

    def post(
        self, url: str, body: bytes, timeout: float, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """POSTs a JSON body; bounded as ``get`` is."""
        ...


def has_ended(system: System, process: Process) -> bool:
    """Whether a process that was seen is gone by now: what cannot be read of it is then not hidden."""
    now = system.process(process.pid)
    return now is None or not now.alive or not same_start(now, process)


def same_process(one: Process, other: Process) -> bool:
    """Whether two snapshots saw the same process: PID, start time, argv and uid.

    A zombie has lost its argv, so only what is left of it is compared.
    """
    return same_start(one, other) and (one.argv == other.argv or not one.alive or not other.alive)


def same_start(one: Process, other: Process) -> bool:
    """As far as PID, start time and user show; programs change their own argv, while they end say.

    Start times are compared in ticks of one boot. Where one snapshot has none, which a version before this
    one kept, by the wall clock; that version took the time of the boot in whole seconds.
    """
    if one.pid != other.pid or one.uid != other.uid:
        return False
    if one.birth is not None and other.birth is not None:
        return one.birth == other.birth
    tolerance = _INSTANT if one.birth is other.birth else _WHOLE_SECOND
    return abs(one.id.started - other.id.started) <= tolerance


def was_restarted(system: System, process: Process) -> bool:
    """Whether the machine was started again since this process was seen: then it has ended with that."""
    boot = system.boot()
    return process.birth is not None and boot != "" and process.birth.boot != boot


__all__ = [
    "ActingSystem",
    "Caller",
    "CommandAnswer",
    "Note",
    "Platform",
    "ProcessId",
    "Signal",
    "System",
    "Touch",
    "has_ended",
    "same_process",
    "same_start",
    "was_restarted",
]
