"""docker: containers whose restart policy brings the service back."""

from ghostfix.managers.containers.hold_container import HoldContainer
from ghostfix.managers.containers.owner import jobs_of
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step

KIND = "docker"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The containers that own a process of the service, or its port."""
    return jobs_of(KIND, system, service, tree)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """No restart policy, and stopped."""
    if not job.enabled:
        return ()
    return (HoldContainer(reason=reason, engine=KIND, container=job.scope, name=job.id),)


RESTARTER = Restarter(kind=KIND, title="docker containers", jobs=jobs, hold=hold)
