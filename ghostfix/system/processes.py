"""What each way of reading processes gives, and the variables that show what started one."""

from collections.abc import Iterable
from typing import Protocol

from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Process, ProcessDetail, Variable
from ghostfix.model.reading import Reading
from ghostfix.system.decoding import decoded

SURROUNDINGS = frozenset(
    {"VIRTUAL_ENV", "PWD", "HOME", "LOGNAME", "SHELL", "PATH", "SERVER_SOFTWARE"}
    | {"RUN_MAIN", "WERKZEUG_RUN_MAIN", "WERKZEUG_SERVER_FD"}
)
"""Environment variables that are kept of every process: in what surroundings it runs, and whether it is the
child of a reloader. They hold no secrets. Besides these, only what the managers give is kept."""


def kept_variables(managers: Iterable[ManagerSigns]) -> frozenset[str]:
    """The names of the only environment variables that are kept."""
    return SURROUNDINGS.union(*(signs.variables for signs in managers))


MAX_OPEN_FILES = 4096
"""Open files whose paths are read, of one process."""


class ProcessTable(Protocol):
    """One way of reading processes."""

    @property
    def boot_time(self) -> float:
        """Seconds since the epoch; raises OSError, ValueError or RuntimeError when it cannot be read."""
        ...

    @property
    def boot(self) -> str:
        """The id of the boot; empty where it has none."""
        ...

    def all(self) -> Reading[tuple[Process, ...]]: ...

    def one(self, pid: int) -> Process | None: ...

    def detail(self, process: Process) -> ProcessDetail: ...

    def cwd(self, process: Process) -> str | None: ...

    def is_elsewhere(self, process: Process, /) -> bool: ...

    def environment(self, process: Process) -> tuple[Variable, ...] | None: ...

    def counts(self) -> tuple[int, int, int]:
        """How many processes there are, how many zombies among them, and how many of our own user."""
        ...


def ownership(variables: Iterable[tuple[str, str]], kept: frozenset[str]) -> tuple[Variable, ...]:
    """Those of a process's variables that are kept, sorted by name."""
    found = {name: value for name, value in variables if name in kept}
    return tuple(Variable(name, value) for name, value in sorted(found.items()))


def parse_environ(raw: bytes, kept: frozenset[str]) -> tuple[Variable, ...]:
    """Those variables, of the block of ``NAME=value`` strings that a process was started with."""
    names = {name.encode(): name for name in kept}
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    found = ((names[name], decoded(value)) for name, equals, value in pairs if equals and name in names)
    return ownership(found, kept)
