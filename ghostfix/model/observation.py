"""Observation: what became of a service's instances in a few seconds of watching."""

from msgspec import Struct

from ghostfix.model.process import Process, ProcessId


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
    """Instances that ended in this time, those that came in it included."""

    @property
    def held(self) -> bool:
        """Nothing started and nothing ended."""
        return not self.respawns and not self.ended
