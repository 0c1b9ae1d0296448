"""Explanation: all that ``ghostfix why`` says of a process. The JSON document is these records.

Every text in them is safe to show: secrets are hidden, control characters are written out. Times are seconds
since the epoch, sizes are bytes. Keys are only ever added.
"""

from msgspec import Struct

from ghostfix.commands.why.git_branch import GitCheckout
from ghostfix.commands.why.process_stats import Descriptor
from ghostfix.commands.why.warnings import Caution
from ghostfix.managers.restarter_of_process import RestarterOfProcess

SCHEMA = "ghostfix.why/1"


class Ancestor(Struct, frozen=True, kw_only=True):
    """One link of the chain, or one process of the tree."""

    pid: int
    name: str
    kind: str
    """``systemd``, ``cron``, ``ssh``, ``terminal``, ``shell``, ``script``, ``program``, ..."""
    role: str
    """The same in words."""
    command: str
    user: str
    started: float
    depth: int = 0
    """In a tree: how far below its top."""


class Socket(Struct, frozen=True, kw_only=True):
    """One listening socket."""

    address: str
    port: int
    reach: str
    """``loopback``, ``all interfaces`` or ``one address``."""
    owners: tuple[int, ...]


class Usage(Struct, frozen=True, kw_only=True):
    """What it uses; null is "could not be read"."""

    memory_bytes: int
    virtual_bytes: int | None = None
    shared_bytes: int | None = None
    swapped_bytes: int | None = None
    threads: int | None = None
    cpu_seconds: float | None = None
    cpu_percent: float | None = None
    """Of one core, on average since it started."""
    open_files: int | None = None
    open_file_limit: int | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    read_calls: int | None = None
    write_calls: int | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """One process: where it comes from, what keeps it alive, and what is to be known of it."""

    pid: int
    name: str
    command: str
    user: str
    uid: int
    ppid: int
    state: str
    started: float
    age_s: float
    chain: tuple[Ancestor, ...]
    """From the first ancestor to the process itself."""
    kept_alive_by: tuple[RestarterOfProcess, ...]
    summary: str
    """What keeps it alive, in one sentence."""
    signs: tuple[str, ...]
    """The evidence, names only."""
    listeners: tuple[Socket, ...]
    cwd: str | None
    executable: str | None
    interpreter: str | None
    venv: str | None
    """The folder of the virtual environment in which its Python runs."""
    git: GitCheckout | None
    container: str | None
    control_group: str | None
    terminal: str | None
    capabilities: str | None
    usage: Usage
    warnings: tuple[Caution, ...]
    descriptors: tuple[Descriptor, ...] = ()
    """The first 512 of its open file descriptors."""
    tree: tuple[Ancestor, ...] = ()
    """With ``--tree``: its top, and everything below that, parents before their children."""


class Why(Struct, frozen=True, kw_only=True):
    """The answer to one question: every process that the target names, and what could not be seen."""

    schema: str = SCHEMA
    version: str
    taken_at: float
    target: str
    processes: tuple[Explanation, ...]
    problems: tuple[str, ...] = ()
