"""Unmanaged instances: those outside the manager that the profile names (pure)."""

from ghostfix.diagnosis.last_ends import failing_end
from ghostfix.diagnosis.own_manager import is_manager, managed_pids
from ghostfix.managers.register import restarters
from ghostfix.model.job import Job
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import Instance, instances


@worked_out_once
def unmanaged_instances(snapshot: Snapshot, service: Service) -> tuple[Instance, ...]:
    """The instances that its manager did not start, where none that it did start is up for good.

    Only of a manager that takes orders and knows its processes: cron neither stops nor counts what it starts.
    """
    if own_job(snapshot, service) is None:
        return ()
    present = managed_pids(snapshot, service)
    running = instances(snapshot, service)
    if failing_end(snapshot, service) is None and any(each.root.pid in present for each in running):
        return ()
    return tuple(each for each in running if each.root.pid not in present)


def own_job(snapshot: Snapshot, service: Service) -> Job | None:
    """The job that the profile names, of a manager that can be told to start it."""
    able = {each.kind for each in restarters() if each.restart is not None}
    mine = [job for job in snapshot.jobs if job.kind in able and is_manager(service, job)]
    return next((job for job in mine if job.starts), mine[0] if mine else None)
