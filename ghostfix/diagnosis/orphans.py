"""Orphans: processes of the service whose parent died, so that no instance owns them any more."""

from msgspec import Struct

from ghostfix.diagnosis.interpreter import foreign_prefix
from ghostfix.managers.process_role import role_of
from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process
from ghostfix.model.process_title import is_worker
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import Instance, instances

_RELOADER_MARKS = ("WERKZEUG_RUN_MAIN", "RUN_MAIN")


class Orphan(Struct, frozen=True, kw_only=True):
    """A worker or reloader child that outlived its parent, with its own tree."""

    process: Process
    members: tuple[Process, ...]
    sign: str
    """How it was recognised, in words."""
    ports: tuple[int, ...]
    """The service's ports that it keeps."""
    confidence: Confidence

    @property
    def sure(self) -> bool:
        """Sure enough to stop it."""
        return self.confidence is not Confidence.POSSIBLE


@worked_out_once
def orphans(snapshot: Snapshot, service: Service) -> tuple[Orphan, ...]:
    """Every orphan of this service, the oldest first."""
    running = instances(snapshot, service)
    shared = _sharing_a_socket(snapshot, service, running)
    found = [
        orphan
        for instance in running
        if (orphan := _orphaned_root(snapshot, instance, instance.root.pid in shared)) is not None
    ]
    taken = {process.pid for instance in running for process in instance.processes}
    for process in snapshot.processes.value:
        if process.pid in taken or process.pid in snapshot.own_pids or not process.alive:
            continue
        orphan = _orphaned_worker(snapshot, service, process)
        if orphan is not None:
            found.append(orphan)
    return tuple(sorted(found, key=lambda orphan: (orphan.process.id.started, orphan.process.pid)))


def adopted(snapshot: Snapshot, process: Process) -> bool:
    """Whether its parent died: it now belongs to init, or to whatever takes in orphans."""
    parent = snapshot.process(process.ppid)
    if process.ppid <= 1:
        return True
    return snapshot.processes.complete if parent is None else role_of(parent).adopts_orphans


def _sharing_a_socket(snapshot: Snapshot, service: Service, running: tuple[Instance, ...]) -> frozenset[int]:
    """Roots that hold one and the same listening socket: only heirs of one dead parent can."""
    root_of = {process.pid: each.root for each in running for process in each.processes}
    heirs: set[int] = set()
    for listener in snapshot.listeners.value:
        if listener.port not in service.ports or not listener.inode:
            continue
        roots = {root_of[pid].pid for pid in listener.owners if pid in root_of}
        left = {pid for pid in roots if adopted(snapshot, snapshot.tree.by_pid[pid])}
        if len(left) > 1 and left == roots:
            heirs |= left
    return frozenset(heirs)


def _orphaned_root(snapshot: Snapshot, instance: Instance, shares: bool) -> Orphan | None:
    root = instance.root
    if not adopted(snapshot, root):
        return None
    if shares:
        sign, confidence = (
            "it shares one listening socket with others whose parent is gone",
            Confidence.CERTAIN,
        )
    elif _reloader_child(snapshot, root):
        sign, confidence = "it is a reloader's child, and the reloader is gone", Confidence.LIKELY
    elif _titled_worker(root):
        sign, confidence = "it is a worker by its title, and its parent is gone", Confidence.LIKELY
    else:
        return None
    return Orphan(
        process=root, members=instance.members, sign=sign, ports=instance.ports, confidence=confidence
    )


def _titled_worker(process: Process) -> bool:
    invocation = read_argv(process.argv)
    return invocation is not None and invocation.title is not None and invocation.title.worker


def _reloader_child(snapshot: Snapshot, process: Process) -> bool:
    """Marked by its reloader, and in the process group of a leader that is gone."""
    marked = process.detail is not None and any(
        process.detail.variable(mark) == "true" for mark in _RELOADER_MARKS
    )
    leader = snapshot.process(process.group)
    return marked and (leader is None or not leader.alive)


def _orphaned_worker(snapshot: Snapshot, service: Service, process: Process) -> Orphan | None:
    """A worker by its command line, in the service's directory and in no other venv."""
    if not _is_worker(process) or not adopted(snapshot, process):
        return None
    detail = process.detail
    if detail is None or detail.cwd != service.directory or detail.container is not None:
        return None
    if foreign_prefix(snapshot, service, process) is not None:
        return None
    members = tuple(member for member in snapshot.tree.descendants(process.pid) if member.alive)
    mine = {process.pid, *(member.pid for member in members)}
    ports = {
        listener.port
        for listener in snapshot.listeners.value
        if listener.port in service.ports and mine.intersection(listener.owners)
    }
    return Orphan(
        process=process,
        members=members,
        sign="it is a worker in the service's directory, and its parent is gone",
        ports=tuple(sorted(ports)),
        confidence=Confidence.LIKELY if ports else Confidence.POSSIBLE,
    )


def _is_worker(process: Process) -> bool:
    return is_worker(process.argv)
