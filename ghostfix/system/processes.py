"""What each way of reading processes gives, and the variables that tell who started one."""

from collections.abc import Iterable
from typing import Protocol

from ghostfix.model.process import Process, ProcessDetail, Variable
from ghostfix.model.reading import Reading
from ghostfix.system.decoding import decoded

_NAMES = """
INVOCATION_ID SYSTEMD_EXEC_PID JOURNAL_STREAM MANAGERPID
SUPERVISOR_ENABLED SUPERVISOR_PROCESS_NAME SUPERVISOR_GROUP_NAME SUPERVISOR_SERVER_URL
pm_id PM2_HOME name pm_exec_path MONIT_SERVICE MONIT_EVENT RC_SVCNAME RC_SERVICE FOREVER_ROOT
TMUX TMUX_PANE STY WINDOW XPC_SERVICE_NAME
VIRTUAL_ENV PWD HOME LOGNAME SHELL PATH
RUN_MAIN WERKZEUG_RUN_MAIN WERKZEUG_SERVER_FD SERVER_SOFTWARE GHOSTFIX_STARTED GHOSTFIX_RUN
"""
OWNERSHIP_VARIABLES = frozenset(_NAMES.split())
"""The only environment variables that are kept: they tell who started a process, and hold no secrets."""
_RAW = {name.encode(): name for name in OWNERSHIP_VARIABLES}

MAX_OPEN_FILES = 4096
"""Open files whose paths are read, of one process."""


class ProcessTable(Protocol):
    """One way of reading processes."""

    @property
    def boot_time(self) -> float:
        """Seconds since the epoch; raises OSError, ValueError or RuntimeError when it cannot be told."""
        ...

    @property
    def boot(self) -> str:
        """The id of the boot; empty where it has none."""
        ...

    def all(self) -> Reading[tuple[Process, ...]]: ...

    def one(self, pid: int) -> Process | None: ...

    def detail(self, process: Process) -> ProcessDetail: ...

    def cwd(self, process: Process) -> str | None: ...

    def environment(self, process: Process) -> tuple[Variable, ...] | None: ...

    def counts(self) -> tuple[int, int, int]:
        """How many processes there are, how many zombies among them, and how many of our own user."""
        ...


def ownership(variables: Iterable[tuple[str, str]]) -> tuple[Variable, ...]:
    """Those of a process's variables that tell who started it, sorted by name."""
    kept = {name: value for name, value in variables if name in OWNERSHIP_VARIABLES}
    return tuple(Variable(name, value) for name, value in sorted(kept.items()))


def parse_environ(raw: bytes) -> tuple[Variable, ...]:
    """Those variables, of the block of ``NAME=value`` strings that a process was started with."""
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    return ownership((_RAW[name], decoded(value)) for name, equals, value in pairs if name in _RAW and equals)
