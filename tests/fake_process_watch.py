"""The process watch of an in-memory machine: its processes, held by their identity."""

from collections.abc import Iterable, Mapping

from ghostfix.model.process import Process, ProcessId
from ghostfix.model.process_watch import Consumption
from tests.fake_commands import FakeCommands


class FakeProcessWatch:
    """Implements ``process_watch.ProcessWatch``; ``asked`` counts how often the whole table was listed."""

    def __init__(self, system: FakeCommands) -> None:
        self._system = system
        self._held: set[ProcessId] = set()
        self._last: frozenset[int] = frozenset()
        self.cpu_seconds: dict[int, float] = {}
        self.listed = 0

    def pids(self) -> frozenset[int] | None:
        now = frozenset(self._system.table)
        if now <= self._last:
            return None
        self._last = now
        self.listed += 1
        return now

    def hold(self, process: Process) -> None:
        self._held.add(process.id)

    def ended(self) -> frozenset[ProcessId]:
        gone = frozenset(identity for identity in self._held if not self._lives(identity))
        self._held -= gone
        return gone

    def wait(self, seconds: float) -> None:
        self._system.wait(seconds)

    def consumption(self, pids: Iterable[int]) -> Mapping[int, Consumption]:
        table = self._system.table
        return {
            pid: Consumption(self.cpu_seconds.get(pid, 0.0), table[pid].record.memory_bytes, True)
            for pid in pids
            if pid in table
        }

    def ports(self) -> frozenset[int] | None:
        return frozenset(listener.port for listener in self._system.listeners().value)

    def _lives(self, identity: ProcessId) -> bool:
        found = self._system.process(identity.pid)
        return found is not None and found.alive and found.id == identity
