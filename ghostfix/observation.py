"""Observation: watching a service for a while, to see whether it holds and who starts it again."""

from collections.abc import Callable

from msgspec import Struct

from ghostfix.collectors import processes
from ghostfix.instance import roots
from ghostfix.machine import System
from ghostfix.process import Process, ProcessId, ProcessTree
from ghostfix.service import Service


class Respawn(Struct, frozen=True, kw_only=True):
    """An instance that appeared while we watched, and its ancestors then, the nearest first."""

    process: Process
    ancestors: tuple[Process, ...]
    seen_at: float


class Observation(Struct, frozen=True, kw_only=True):
    """What was seen in ``seconds`` of watching."""

    seconds: float
    respawns: tuple[Respawn, ...] = ()
    ended: tuple[ProcessId, ...] = ()
    """Instances that were there at one look and gone at the next."""

    @property
    def held(self) -> bool:
        """Nothing started and nothing ended."""
        return not self.respawns and not self.ended


def observe(
    system: System,
    service: Service,
    seconds: float,
    interval: float = 0.5,
    progress: Callable[[float], None] = lambda _: None,
) -> Observation:
    """Looks at the service's instances every ``interval`` seconds; changes nothing.

    ``progress`` is told the seconds that have passed. An instance is known by PID and start time, so one
    that is replaced between two looks is seen as a respawn; one that comes and goes between them is not.
    """
    started = system.monotonic()
    own = (system.caller().pid, *system.caller().ancestors)
    respawns: list[Respawn] = []
    ended: list[ProcessId] = []
    known = {process.id for process in roots(_look(system, service), own, service)}
    while (passed := system.monotonic() - started) < seconds:
        system.wait(min(interval, seconds - passed))
        tree = _look(system, service)
        current = roots(tree, own, service)
        for process in current:
            if process.id not in known:
                ancestors = tree.ancestors(process.pid)
                respawns.append(Respawn(process=process, ancestors=ancestors, seen_at=system.now()))
        ended.extend(sorted(known - {process.id for process in current}))
        known = {process.id for process in current}
        progress(system.monotonic() - started)
    return Observation(seconds=seconds, respawns=tuple(respawns), ended=tuple(ended))


def _look(system: System, service: Service) -> ProcessTree:
    return ProcessTree(processes.collect(system, service).value)
