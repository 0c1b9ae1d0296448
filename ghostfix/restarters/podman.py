"""podman: containers whose restart policy brings the service back."""

from ghostfix.job import Job
from ghostfix.machine import System
from ghostfix.managers.container_owner import jobs_of
from ghostfix.process import ProcessTree
from ghostfix.reading import Reading
from ghostfix.restarter import Restarter
from ghostfix.service import Service
from ghostfix.step import Step
from ghostfix.steps.hold_container import HoldContainer

KIND = "podman"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The containers that own a process of the service, or its port."""
    return jobs_of(KIND, system, service, tree)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """No restart policy, and stopped."""
    if not job.enabled:
        return ()
    return (HoldContainer(reason=reason, engine=KIND, container=job.scope, name=job.id),)


RESTARTER = Restarter(kind=KIND, title="podman containers", jobs=jobs, hold=hold)
