"""Unwanted restarters: jobs that will start the service and that the profile does not make its manager."""

from ghostfix.diagnosis.instance_health import flaws, is_well
from ghostfix.diagnosis.own_manager import is_manager, is_own_supervisor, managers
from ghostfix.model.job import Job
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import instances


def strangers(snapshot: Snapshot, service: Service) -> tuple[Job, ...]:
    """Every enabled job that leads to the service and is not the profile's manager."""
    return tuple(job for job in snapshot.jobs if job.enabled and not is_manager(service, job))


def unwanted_restarters(snapshot: Snapshot, service: Service) -> tuple[Job, ...]:
    """The strangers to hold before anything is stopped: sure enough, where the service is not well managed.

    Our own supervisor is held only where no instance of its is sound, so that it must be started anew.
    """
    if is_well_managed(snapshot, service):
        return ()
    return tuple(
        job
        for job in strangers(snapshot, service)
        if job.confidence is not Confidence.POSSIBLE
        and not (is_own_supervisor(job) and _has_sound(job, snapshot, service))
    )


def _has_sound(job: Job, snapshot: Snapshot, service: Service) -> bool:
    return any(
        instance.root.pid in job.starts and not flaws(snapshot, service, instance)
        for instance in instances(snapshot, service)
    )


@worked_out_once
def is_well_managed(snapshot: Snapshot, service: Service) -> bool:
    """One manager at most, and nothing wrong: what starts the service then does so on purpose."""
    return len(managers(snapshot)) <= 1 and is_well(snapshot, service)
