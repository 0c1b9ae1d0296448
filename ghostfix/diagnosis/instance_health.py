"""Instance health: what keeps a running instance from being the one that the profile describes."""

from ghostfix.diagnosis.http_answer import complaints, unreachable, webhook_broken
from ghostfix.diagnosis.interpreter import foreign_prefix
from ghostfix.diagnosis.orphans import orphans
from ghostfix.diagnosis.own_manager import managed_pids
from ghostfix.diagnosis.port_holders import holders
from ghostfix.model.process import Process, ProcessState
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot, VenvState
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import Instance, instances

JUST_STARTED = 5.0
"""Seconds in which a fresh process may still be coming up: no port and no answer is expected of it yet."""


@worked_out_once
def is_well(snapshot: Snapshot, service: Service) -> bool:
    """As many instances as there should be, each of them sound, and nothing left of dead ones."""
    running = instances(snapshot, service)
    if len(running) != wanted_instances(snapshot, service):
        return False
    if any(orphan.sure for orphan in orphans(snapshot, service)):
        return False
    return not any(flaws(snapshot, service, instance) for instance in running)


def wanted_instances(snapshot: Snapshot, service: Service) -> int:
    """As many as the profile says, or as its manager means to run (``numprocs``, a cluster, ``foo@1``).

    What is left in its control group of an earlier start (``KillMode=process``), or was started by each
    firing of one cron line, is more than that.
    """
    present = managed_pids(snapshot, service)
    managed = sum(1 for instance in instances(snapshot, service) if instance.root.pid in present)
    return max(service.instances, managed)


def flaws(snapshot: Snapshot, service: Service, instance: Instance) -> tuple[str, ...]:
    """Why this instance cannot be the one that stays, as sentences about it; empty when it can."""
    found = []
    if instance.root.state is ProcessState.STOPPED:
        found.append("is stopped by a signal")
    foreign = foreign_prefix(snapshot, service, instance.root)
    if foreign is not None:
        found.append(f"runs from {foreign}")
    found.extend(_incomplete_venv(snapshot))
    unreaped = unreaped_children(snapshot, instance)
    if len(unreaped) > service.limits.zombies:
        found.append(f"does not reap its children ({len(unreaped)} zombies)")
    if not just_started(snapshot, instance.root):
        found.extend(_absent_ports(snapshot, service, instance))
        found.extend(_bad_answers(snapshot, service))
    return tuple(found)


def just_started(snapshot: Snapshot, process: Process) -> bool:
    """Whether it may still be coming up."""
    return snapshot.taken_at - process.id.started < JUST_STARTED


def is_starting(snapshot: Snapshot, service: Service) -> bool:
    """Whether there are instances, and all of them have just been started."""
    running = instances(snapshot, service)
    return bool(running) and all(just_started(snapshot, instance.root) for instance in running)


def unreaped_children(snapshot: Snapshot, instance: Instance) -> tuple[Process, ...]:
    """The zombies whose parent is a process of this instance."""
    mine = {process.pid for process in instance.processes}
    return tuple(
        process
        for process in snapshot.processes.value
        if process.state is ProcessState.ZOMBIE and process.ppid in mine
    )


def _incomplete_venv(snapshot: Snapshot) -> tuple[str, ...]:
    venv = snapshot.environment.value.venv
    if venv is None:
        return ()
    if venv.state is not VenvState.WORKS:
        return (f"needs a venv that is {venv.state.value}",)
    return ("lacks a required package",) if venv.missing else ()


def _absent_ports(snapshot: Snapshot, service: Service, instance: Instance) -> tuple[str, ...]:
    """Ports on which it does not listen. Several instances cannot all have every port."""
    if wanted_instances(snapshot, service) > 1 or not snapshot.listeners.complete:
        return ()
    return tuple(
        f"does not listen on {each.port}"
        for each in holders(snapshot, service)
        if each.port not in instance.ports and not each.unknown and not each.unseen
    )


def _bad_answers(snapshot: Snapshot, service: Service) -> tuple[str, ...]:
    found = []
    health = snapshot.health.value
    if health is not None and service.health is not None:
        failure = unreachable(health)
        if failure is not None:
            found.append(f"does not answer: {failure}")
        found.extend(f"is not healthy: {complaint}" for complaint in complaints(health))
    answer = snapshot.webhook.value
    if answer is not None and service.webhook is not None and webhook_broken(answer, service.webhook):
        found.append("fails its webhook")
    return tuple(found)
