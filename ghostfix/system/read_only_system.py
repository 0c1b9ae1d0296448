"""Reading the machine at hand: the half of it that changes nothing."""

import os
import pwd
import shutil
import socket
import sys
import time
from collections.abc import Mapping, Sequence

from ghostfix.model.errors import StepError
from ghostfix.model.machine import Caller, CommandAnswer, Platform
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Listener, Process, ProcessDetail, Variable
from ghostfix.model.process_watch import ProcessWatch
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileStatus, Host, HttpAnswer, Resources
from ghostfix.system import commands, files
from ghostfix.system.credentials import account_of, search_path
from ghostfix.system.decoding import storable
from ghostfix.system.linux_processes import LinuxProcesses
from ghostfix.system.processes import ProcessTable, kept_variables
from ghostfix.system.sockets import LinuxSockets, PsutilSockets
from ghostfix.system.users import user_name


class LookingSystem:
    """Implements ``machine.System`` for Linux and macOS."""

    def __init__(self, managers: Sequence[ManagerSigns] = ()) -> None:
        linux = sys.platform == "linux"
        kept = kept_variables(managers)
        self._managers = tuple(managers)
        self._table: ProcessTable = LinuxProcesses(kept=kept) if linux else _psutil_processes(kept)
        self._sockets: LinuxSockets | PsutilSockets = LinuxSockets() if linux else PsutilSockets()

    @property
    def platform(self) -> Platform:
        return Platform.MACOS if sys.platform == "darwin" else Platform.LINUX

    @property
    def managers(self) -> tuple[ManagerSigns, ...]:
        """How each manager that ghostfix knows is recognised."""
        return self._managers

    def caller(self) -> Caller:
        """Who runs ghostfix, from where, and what it must never signal."""
        return Caller(
            uid=os.getuid(),
            gid=os.getgid(),
            user=user_name(os.getuid()),
            home=storable(_home()),
            cwd=_cwd(),
            pid=os.getpid(),
            ancestors=self._ancestors(),
        )

    def host(self) -> Host:
        """The machine's name and kind, the Python that runs us, and for which user."""
        return Host(
            hostname=storable(socket.gethostname()),
            platform=self.platform.value,
            python=sys.version.partition(" ")[0],
            boot_time=self._boot_time(),
            user=user_name(os.getuid()),
            uid=os.getuid(),
        )

    def boot(self) -> str:
        """The id of the boot since which the machine runs."""
        return self._table.boot

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(max(0.0, seconds))

    def variable(self, name: str) -> str | None:
        """A variable of our own environment."""
        value = os.environ.get(name)
        return None if value is None else storable(value)

    def processes(self) -> Reading[tuple[Process, ...]]:
        """Every process, without ``detail``."""
        return self._table.all()

    def process(self, pid: int) -> Process | None:
        """The process that has this PID now."""
        return self._table.one(pid)

    def process_watch(self) -> ProcessWatch:
        """A cheap view of the process table, as long as the caller watches."""
        from ghostfix.system.process_watch import process_watch

        return process_watch(self.process)

    def detail(self, process: Process) -> ProcessDetail:
        """What costs more to read."""
        return self._table.detail(process)

    def cwd(self, process: Process) -> str | None:
        """Its working directory."""
        return self._table.cwd(process)

    def environment(self, process: Process) -> tuple[Variable, ...] | None:
        """Those of its variables that tell who started it."""
        return self._table.environment(process)

    def listeners(self) -> Reading[tuple[Listener, ...]]:
        """Every listening TCP socket, sorted by port."""
        return self._sockets.listeners()

    def resources(self, directory: str) -> Reading[Resources | None]:
        """The machine's load, memory, counts and counters."""
        from ghostfix.system.resources import resources

        return resources(self._table, directory)

    def status(self, path: str) -> Reading[FileStatus | None]:
        """``lstat``."""
        return files.status(path)

    def read(self, path: str, limit: int, offset: int = 0) -> Reading[bytes]:
        """At most ``limit`` bytes of a regular file."""
        return files.read(path, limit, offset)

    def read_as_owner(self, path: str, limit: int) -> Reading[bytes]:
        """Reads a file with the rights with which it would be acted on."""
        return files.read_as_owner(path, limit)

    def names(self, folder: str) -> Reading[tuple[str, ...]]:
        """The names in a folder, sorted."""
        return files.names(folder)

    def paths(self, pattern: str) -> tuple[str, ...]:
        """The existing paths that match a shell pattern, sorted."""
        return files.paths(pattern)

    def resolve(self, path: str) -> str:
        """The path with every symlink resolved, as far as it exists."""
        return files.resolve(path)

    def program(self, name: str, user: str | None = None) -> str | None:
        """Where a command is found on our own PATH, or on another user's."""
        return shutil.which(name, path=self.search_path(user))

    def search_path(self, user: str | None = None) -> str:
        """That PATH."""
        try:
            return search_path(account_of(user))
        except StepError:  # there is no such user, or we cannot become it
            return search_path(None)

    def is_locked(self, path: str) -> bool | None:
        """Whether a process holds a kernel lock on the file."""
        return files.is_locked(path)

    def ask(
        self, argv: Sequence[str], timeout: float = 5.0, cwd: str | None = None, user: str | None = None
    ) -> CommandAnswer:
        """Runs a command that only reads, as ``user`` when we are root."""
        return commands.run(argv, timeout, cwd=cwd, user=user)

    def get(self, url: str, timeout: float, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """GET, redirects not followed, bounded by ``timeout`` and 64 KiB."""
        from ghostfix.system import http  # late: only who has a page to ask

        return http.request("GET", url, timeout, headers=headers)

    def _boot_time(self) -> float | None:
        try:
            return self._table.boot_time
        except (OSError, ValueError, RuntimeError):
            return None

    def _ancestors(self) -> tuple[int, ...]:
        found: list[int] = []
        pid = os.getppid()
        while pid > 0 and pid not in found:
            found.append(pid)
            process = self._table.one(pid)
            pid = 0 if process is None else process.ppid
        return tuple(found)


def _home() -> str:
    """Root's is the one of the password database: sudo may keep the HOME of its caller."""
    if os.getuid() == 0:
        try:
            return pwd.getpwuid(0).pw_dir
        except KeyError:
            return "/root"
    return os.path.expanduser("~")


def _cwd() -> str:
    try:
        return storable(os.getcwd())
    except OSError:  # the folder was removed under us
        return "/"


def _psutil_processes(kept: frozenset[str]) -> ProcessTable:
    from ghostfix.system.psutil_processes import PsutilProcesses  # Linux starts without psutil

    return PsutilProcesses(kept)
