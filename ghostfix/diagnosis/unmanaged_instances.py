"""Unmanaged instances: those outside the manager that the profile names, and how its own job fails."""

from ghostfix.diagnosis.last_ends import own_ends
from ghostfix.diagnosis.own_manager import is_manager, managed_pids
from ghostfix.managers.register import restarters
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
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


def failing_end(snapshot: Snapshot, service: Service) -> LastEnd | None:
    """The last end of that job, when it is not up for good: it failed, or is started again and again."""
    ends = [end for end in own_ends(snapshot, service) if end.manager == service.manager.partition(":")[0]]
    end = max(ends, key=lambda each: each.at or 0.0, default=None)
    if end is None or end.kind is EndKind.STOPPED:
        return None
    present = managed_pids(snapshot, service)
    lives = any(each.root.pid in present for each in instances(snapshot, service))
    if lives and not (end.restarting and (end.starts or 0) > 1):
        return None
    clean = end.kind is EndKind.EXITED and not end.status and not end.restarting and not end.given_up
    return None if clean else end
