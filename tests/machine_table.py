"""The tables of a machine's folder: what may stand in ``machine.toml`` and in ``expected.toml``."""

from collections.abc import Mapping

from msgspec import Struct

from ghostfix.model.machine import Platform
from ghostfix.model.process import ProcessState
from ghostfix.model.snapshot import NetworkCounters
from tests.fake_clock import START


class Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of ``machine.toml``: an unknown key in it is an error."""


class ProcessTable(Table, frozen=True, kw_only=True):
    pid: int
    argv: tuple[str, ...]
    ppid: int = 1
    user: str | None = None
    """Of this user; the caller's own unless told."""
    cwd: str | None = None
    age: float = 3600.0
    """Seconds since it was started."""
    listens: tuple[str, ...] = ()
    """``127.0.0.1:5555`` or ``[::1]:5555``."""
    state: ProcessState = ProcessState.SLEEPING
    name: str | None = None
    group: int | None = None
    variables: Mapping[str, str] = {}
    open_files: tuple[str, ...] = ()
    heir_of: int | None = None
    """It was forked by this process, and has its sockets too: one and the same, though that may be gone."""
    container: str | None = None
    """The id of the container that it runs in."""
    ignores_term: bool = False
    ends_children: bool = False


class CrowdTable(Table, frozen=True, kw_only=True):
    """Many processes that are alike."""

    count: int
    first_pid: int
    argv: tuple[str, ...]
    ppid: int = 1
    user: str | None = None
    zombies: bool = False


class FileTable(Table, frozen=True, kw_only=True):
    path: str
    text: str = ""
    repeat: int = 1
    """So many times the text."""
    folder: bool = False
    fifo: bool = False
    symlink: str | None = None
    """Where it points."""
    mode: int | None = None
    user: str | None = None
    age: float = 86_400.0
    """Seconds since it was written."""
    unreadable: bool = False


class PythonTable(Table, frozen=True, kw_only=True):
    path: str
    version: str = "3.12.4"
    packages: tuple[str, ...] = ()


class VenvTable(Table, frozen=True, kw_only=True):
    path: str
    base: str
    """The path of one of ``pythons``."""
    packages: tuple[str, ...] = ()
    broken: str | None = None
    damaged: tuple[str, ...] = ()


class CommandTable(Table, frozen=True, kw_only=True):
    argv: tuple[str, ...]
    stdout: str = ""
    stderr: str = ""
    status: int = 0


class LoadedTable(Table, frozen=True, kw_only=True):
    """A launchd job that is loaded."""

    domain: str
    label: str
    plist: str | None
    arguments: tuple[str, ...]
    cwd: str = "/"
    pid: int | None = None
    properties: str = "keepalive | runatload"


class LaunchdTable(Table, frozen=True, kw_only=True):
    macos: int = 15
    gui: bool = True
    loaded: tuple[LoadedTable, ...] = ()


class PageTable(Table, frozen=True, kw_only=True):
    """What a URL answers, as long as somebody listens on its port.

    With ``well``, that is its body once exactly one process runs whose argv ends with ``runs``, and that
    one with the interpreter ``from_python``.
    """

    url: str
    method: str = "GET"
    status: int = 200
    body: str = ""
    well: str | None = None
    runs: tuple[str, ...] = ()
    from_python: str = ""


class SpawnTable(Table, frozen=True, kw_only=True):
    """What becomes of a started process whose argv ends with ``runs``."""

    runs: tuple[str, ...]
    listens: tuple[str, ...]


class RestartTable(Table, frozen=True, kw_only=True):
    """Something that keeps ``at_least`` processes running while it is not held.

    It acts every ``every`` seconds while the process ``loop`` runs and is not stopped, or while a line of
    ``crontab_of`` that is no comment contains ``line``.
    """

    argv: tuple[str, ...]
    cwd: str
    every: float
    at_least: int = 1
    loop: int | None = None
    crontab_of: str | None = None
    line: str = ""
    listens: tuple[str, ...] = ()


class MeasuresTable(Table, frozen=True, kw_only=True):
    cpu_load: float = 0.4
    cpu_count: int = 4
    memory_percent: float = 35.0
    swap_percent: float = 0.0
    disk_percent: float = 20.0
    net: NetworkCounters | None = None


class MachineTable(Table, frozen=True, kw_only=True):
    """The whole of ``machine.toml``."""

    extends: str | None = None
    """Another folder, whose lists come before these, and whose single values count unless given here."""
    platform: Platform = Platform.LINUX
    caller: str = "ghost"
    """The user who runs ghostfix; ``root`` for root."""
    cwd: str | None = None
    now: float = START
    path: str = "/usr/local/bin:/usr/bin:/bin"
    variables: Mapping[str, str] = {}
    users: Mapping[str, int] = {}
    """The ids of others than root and the caller."""
    measures: MeasuresTable = MeasuresTable()
    processes: tuple[ProcessTable, ...] = ()
    crowds: tuple[CrowdTable, ...] = ()
    files: tuple[FileTable, ...] = ()
    pythons: tuple[PythonTable, ...] = ()
    venvs: tuple[VenvTable, ...] = ()
    crontabs: Mapping[str, str] | None = None
    """Without it the machine has no ``crontab`` program."""
    launchd: LaunchdTable | None = None
    commands: tuple[CommandTable, ...] = ()
    pages: tuple[PageTable, ...] = ()
    spawns: tuple[SpawnTable, ...] = ()
    restarts: tuple[RestartTable, ...] = ()
    problems: Mapping[str, str] = {}
    """Why ``processes``, ``listeners`` or ``resources`` cannot be read whole."""


class Expected(Table, frozen=True, kw_only=True):
    """The whole of ``expected.toml``."""

    verdict: str
    exit_code: int
    found: tuple[str, ...] = ()
    """Codes that must be found."""
    absent: tuple[str, ...] = ()
    """Codes that must not be; ``*`` for every one that is not in ``found``."""
    restarters: tuple[str, ...] = ()
    """``kind:id`` of every job that must be found, and no other."""
    instances: int = 0
    repaired: bool = False
    """Whether a repair ends with the service healthy."""
