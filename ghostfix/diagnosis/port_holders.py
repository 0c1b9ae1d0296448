"""Port holders: what listens on each of the service's ports."""

from collections.abc import Sequence, Set
from ipaddress import ip_address

from msgspec import Struct

from ghostfix.diagnosis.orphans import Orphan, orphans
from ghostfix.model.process import Listener, Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import Instance, instances

# macOS's AirPlay receiver listens on these ports, in a process of this name.
_AIRPLAY_PORTS = (5000, 7000)
_AIRPLAY_NAMES = frozenset({"ControlCenter", "ControlCe", "AirPlayXPCHelper"})


class Holders(Struct, frozen=True, kw_only=True):
    """The holders of one port. Clients of a port and closed connections are none."""

    port: int
    instances: tuple[Instance, ...]
    orphans: tuple[Orphan, ...]
    """Orphans that are not roots of an instance."""
    strangers: tuple[Process, ...]
    unseen: tuple[int, ...]
    """PIDs of owners that were not among the processes."""
    unknown: tuple[Listener, ...]
    """Sockets whose owner could not be seen."""

    @property
    def unheld(self) -> bool:
        return not (self.instances or self.orphans or self.strangers or self.unseen or self.unknown)


@worked_out_once
def holders(snapshot: Snapshot, service: Service) -> tuple[Holders, ...]:
    """For each port of the profile, in its order."""
    running = instances(snapshot, service)
    orphaned = orphans(snapshot, service)
    return tuple(_holders(snapshot, port, running, orphaned) for port in service.ports)


def _holders(
    snapshot: Snapshot, port: int, running: tuple[Instance, ...], orphaned: tuple[Orphan, ...]
) -> Holders:
    rows = [listener for listener in snapshot.listeners.value if listener.port == port]
    ours = tuple(each for each in running if port in each.ports)
    roots = {each.root.pid for each in running}
    others = tuple(orphan for orphan in orphaned if port in orphan.ports and orphan.process.pid not in roots)
    known = {process.pid for each in running for process in each.processes}
    known |= {process.pid for orphan in orphaned for process in (orphan.process, *orphan.members)}
    known |= {pid for each in running for pid in each.socket_owners}
    known |= _passed_on(snapshot, rows, known)
    addresses = {row.address for row in rows if known.intersection(row.owners)}
    foreign = {
        pid: None
        for row in rows
        if not addresses or any(overlap(row.address, mine) for mine in addresses)
        for pid in row.owners
        if pid not in known
    }
    strangers = tuple(process for pid in foreign if (process := snapshot.process(pid)) is not None)
    seen = {stranger.pid for stranger in strangers}
    return Holders(
        port=port,
        instances=ours,
        orphans=others,
        strangers=strangers,
        unseen=tuple(pid for pid in foreign if pid not in seen),
        unknown=tuple(row for row in rows if not row.owners),
    )


def _passed_on(snapshot: Snapshot, rows: Sequence[Listener], ours: Set[int]) -> frozenset[int]:
    """Who gave us the very socket on which we listen: a socket unit's systemd, a circusd, a supervisord.

    They have it too, as long as they may have to give it to the next instance.
    """
    shared = {pid for row in rows if not ours.isdisjoint(row.owners) for pid in row.owners} - ours
    above = {ancestor.pid for pid in ours for ancestor in snapshot.tree.ancestors(pid)}
    return frozenset(shared & above)


def overlap(one: str, other: str) -> bool:
    """Whether a client of one address may reach the other: wildcards meet all, loopbacks each other."""
    if one == other or _is_wildcard(one) or _is_wildcard(other):
        return True
    return _is_loopback(one) and _is_loopback(other)


def _is_wildcard(address: str) -> bool:
    return address in ("0.0.0.0", "::", "*", "")  # noqa: S104 -- compared, not bound


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def untouchable(process: Process, port: int) -> str | None:
    """What to do instead, for a holder that must never be killed; None for an ordinary process."""
    if process.name == "docker-proxy":
        return "stop the container that publishes the port, or publish another port"
    if process.detail is not None and process.detail.container is not None:
        return f"stop the container {process.detail.container[:12]}, or move its port"
    if port in _AIRPLAY_PORTS and process.name in _AIRPLAY_NAMES:
        return "turn off the AirPlay Receiver in macOS's System Settings, or use another port"
    if process.pid <= 1:
        return "ask PID 1 (a socket unit, for example) to let go of the port"
    return None
