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
from ghostfix.model.process_watch import ProcessWatch
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import Host, HttpAnswer, Resources
from ghostfix.system import commands, files
from ghostfix.system.credentials import account_of, search_path
from ghostfix.system.decoding import storable
from ghostfix.system.linux_processes import LinuxProcesses
from ghostfix.system.processes import ProcessTable, kept_variables
from ghostfix.system.sockets import LinuxSockets, PsutilSockets
from ghostfix.system.users import user_name


class ReadOnlySystem:
    """Implements ``machine.System`` for Linux and macOS: what each member gives stands there.

    What one part of this package does whole is that part's own function.
    """

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    status = staticmethod(files.status)
    read = staticmethod(files.read)
    read_as_owner = staticmethod(files.read_as_owner)
    names = staticmethod(files.names)
    paths = staticmethod(files.paths)
    resolve = staticmethod(files.resolve)
    is_locked = staticmethod(files.is_locked)

    def __init__(self, managers: Sequence[ManagerSigns] = ()) -> None:
        linux = sys.platform == "linux"
        kept = kept_variables(managers)
        self._managers = tuple(managers)
        table: ProcessTable = LinuxProcesses(kept=kept) if linux else _psutil_processes(kept)
        self._table = table
        self.processes, self.process = table.all, table.one
        self.detail, self.cwd, self.environment = table.detail, table.cwd, table.environment
        self.is_elsewhere = table.is_elsewhere
        sockets: LinuxSockets | PsutilSockets = LinuxSockets() if linux else PsutilSockets()
        self.listeners = sockets.listeners

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

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(max(0.0, seconds))

    def variable(self, name: str) -> str | None:
        """A variable of our own environment."""
        value = os.environ.get(name)
        return None if value is None else storable(value)

    def process_watch(self) -> ProcessWatch:
        """A cheap view of the process table, as long as the caller watches."""
        from ghostfix.system.process_watch import process_watch

        return process_watch(self.process)

    def resources(self, directory: str) -> Reading[Resources | None]:
        """The machine's load, memory, counts and counters."""
        from ghostfix.system.resources import resources

        return resources(self._table, directory)

    def program(self, name: str, user: str | None = None) -> str | None:
        """Where a command is found on our own PATH, or on another user's."""
        return shutil.which(name, path=self.search_path(user))

    def search_path(self, user: str | None = None) -> str:
        """That PATH."""
        try:
            return search_path(account_of(user))
        except StepError:  # there is no such user, or we cannot become it
            return search_path(None)

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
