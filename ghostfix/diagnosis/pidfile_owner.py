"""PID file owner: whether the PID is the service's, a part of it, another process's, or of no process."""

import posixpath
from enum import Enum

from ghostfix.diagnosis.orphans import orphans
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, PidFileState, Snapshot
from ghostfix.service.instance import Instance, instances

FRESH = 2.0
"""Seconds: a file written this short a time before the survey may name a process that was not seen yet."""
TOLERANCE = 2.0
"""Seconds between a process's start and its file's time that mean nothing: clocks and ticks are coarse."""


class Owner(Enum):
    """Which process has the PID. ``OURS`` covers the service's wrappers and restarters, too."""

    OURS = "ours"
    NOT_SERVING = "not serving"
    """One of ours, but not the one that serves."""
    NO_PROCESS = "no process"
    SUCCESSOR = "successor"
    """A stranger that started after the file was written: the PID was given out again."""
    STRANGER = "stranger"
    """A process of something else that was there when the file was written."""
    UNKNOWN = "unknown"


def owner(pidfile: PidFile, snapshot: Snapshot, service: Service) -> Owner:
    """Judges one PID file by the processes of the same survey."""
    if pidfile.state is not PidFileState.READABLE or pidfile.pid is None:
        return Owner.UNKNOWN
    process = snapshot.process(pidfile.pid)
    if process is None or not process.alive:
        return Owner.NO_PROCESS if process is not None or snapshot.processes.complete else Owner.UNKNOWN
    running = instances(snapshot, service)
    instance = next((each for each in running if process in each.processes), None)
    if instance is not None:
        return (
            Owner.NOT_SERVING if _not_serving(process, instance, running, snapshot, service) else Owner.OURS
        )
    if any(process in (orphan.process, *orphan.members) for orphan in orphans(snapshot, service)):
        return Owner.NOT_SERVING if running else Owner.OURS
    if _belongs_to_the_service(process, running, snapshot) or _own_pidfile(pidfile, process):
        return Owner.OURS
    written = None if pidfile.status is None else pidfile.status.modified
    if written is not None and process.id.started > written + TOLERANCE:
        return Owner.SUCCESSOR
    return Owner.STRANGER


def fresh(pidfile: PidFile, snapshot: Snapshot) -> bool:
    """Whether it was written so short a time before the survey that its process may not have been seen.

    A file dated further in the future (a clock that was set back, a file server with another) is not new.
    """
    return pidfile.status is not None and abs(snapshot.taken_at - pidfile.status.modified) < FRESH


def _not_serving(
    process: Process, instance: Instance, running: tuple[Instance, ...], snapshot: Snapshot, service: Service
) -> bool:
    """Another instance serves, or another process of this one: a signal to this PID would miss it."""
    if not service.ports:
        return False
    if service.instances == 1 and not instance.ports:
        return any(each.ports for each in running)
    if process.pid == instance.root.pid or process.argv == instance.root.argv:
        return False
    return bool(instance.ports) and not any(
        process.pid in listener.owners
        for listener in snapshot.listeners.value
        if listener.port in service.ports
    )


def _belongs_to_the_service(process: Process, running: tuple[Instance, ...], snapshot: Snapshot) -> bool:
    """A wrapper above an instance, or a restarter's own process."""
    above = {ancestor.pid for each in running for ancestor in snapshot.tree.ancestors(each.root.pid)}
    restarters = {identity.pid for job in snapshot.jobs for identity in job.processes}
    return process.pid > 1 and process.pid in above | restarters


def _own_pidfile(pidfile: PidFile, process: Process) -> bool:
    """``nginx.pid`` with nginx's PID in it is that program's own, wherever it lies."""
    stem = posixpath.splitext(posixpath.basename(pidfile.path))[0].lower()
    return len(stem) > 1 and stem == posixpath.splitext(process.name)[0].lower()
