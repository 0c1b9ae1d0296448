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
        """The PIDs of all processes; None when no new one has come since the last call."""
        ...

    def hold(self, process: Process) -> None:
        """Lets the end of this process cut ``wait`` short."""
        ...

    def ended(self) -> frozenset[ProcessId]:
        """Those of the held that have ended by now; each is reported once."""
        ...

    def wait(self, seconds: float) -> None:
        """Lets time pass, or less when one of the held ends."""
        ...

    def consumption(self, pids: Iterable[int]) -> Mapping[int, Consumption]: ...

    def ports(self) -> frozenset[int] | None:
        """The ports on which any process listens; None when that cannot be read."""
        ...
