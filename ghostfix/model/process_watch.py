"""Process watch: a view of the process table that costs little, and that the end of a process wakes."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from ghostfix.model.process import Process, ProcessId


class Consumption(Struct, frozen=True):
    """What a process has used so far; None: unknown here."""

    cpu_seconds: float | None
    memory_bytes: int
    alive: bool


class ProcessWatch(Protocol):
    """A cheap view of the process table."""

    def pids(self) -> frozenset[int] | None:
        """Everybody's PIDs; None when nobody has come since the last time."""
        ...

    def hold(self, process: Process) -> None:
        """Lets the end of this process cut ``wait`` short."""
        ...

    def ended(self) -> frozenset[ProcessId]:
        """Those of the held that have ended by now; each is told once."""
        ...

    def wait(self, seconds: float) -> None:
        """Lets time pass, or less when one of the held ends."""
        ...

    def consumption(self, pids: Iterable[int]) -> Mapping[int, Consumption]: ...

    def ports(self) -> frozenset[int] | None:
        """The ports on which anybody listens; None when that cannot be told."""
        ...
