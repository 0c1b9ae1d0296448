"""Instance to keep: which running one may stay while the others are stopped."""

from ghostfix.diagnosis.instance_health import flaws, wanted_instances
from ghostfix.diagnosis.last_ends import failing_end
from ghostfix.diagnosis.orphans import orphans
from ghostfix.diagnosis.own_manager import managed_pids
from ghostfix.diagnosis.unmanaged_instances import unmanaged_instances
from ghostfix.diagnosis.unwanted_restarters import unwanted_restarters
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import Instance, instances


def instance_to_keep(snapshot: Snapshot, service: Service) -> Instance | None:
    """The instance that may stay; None: stop all and start a clean one.

    It listens on all the service's ports, runs in the profile's venv, which is complete, its health is as
    expected, its parent is not gone, and no job that will be held has it in its hands. An instance of the
    profile's own manager comes first, then that which a PID file names, then the oldest.
    """
    staying = instances_to_keep(snapshot, service)
    return staying[0] if staying else None


@worked_out_once
def instances_to_keep(snapshot: Snapshot, service: Service) -> tuple[Instance, ...]:
    """As ``instance_to_keep``, for a service of several instances: at most as many as there should be."""
    excluded = _of_unwanted_restarters(snapshot, service)
    if failing_end(snapshot, service) is not None:
        excluded |= {instance.root.pid for instance in unmanaged_instances(snapshot, service)}
    excluded |= {orphan.process.pid for orphan in orphans(snapshot, service) if orphan.sure}
    sound = [
        instance
        for instance in instances(snapshot, service)
        if instance.root.pid not in excluded and not flaws(snapshot, service, instance)
    ]
    managed = managed_pids(snapshot, service)
    # Of several that run, the youngest wrote the file, and took a socket's path over.
    named = {pidfile.pid for pidfile in snapshot.pidfiles.value}
    # Stable: then the oldest first.
    sound.sort(key=lambda instance: (instance.root.pid not in managed, instance.root.pid not in named))
    return tuple(sound[: wanted_instances(snapshot, service)])


def _of_unwanted_restarters(snapshot: Snapshot, service: Service) -> frozenset[int]:
    """Roots that end, or lose their parent, when the job that owns them is held."""
    lost: set[int] = set()
    held = unwanted_restarters(snapshot, service)
    loops = {process.pid for job in held for process in job.processes}
    lost.update(pid for job in held if job.restarts_on_exit for pid in job.starts)
    for instance in instances(snapshot, service):
        if loops & {ancestor.pid for ancestor in snapshot.tree.ancestors(instance.root.pid)}:
            lost.add(instance.root.pid)
    return frozenset(lost)
