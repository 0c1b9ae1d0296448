"""s6: the services that s6-supervise supervises."""

from ghostfix.job import Job
from ghostfix.machine import System
from ghostfix.process import ProcessTree
from ghostfix.reading import Reading
from ghostfix.restarter import Restarter
from ghostfix.service import Service
from ghostfix.service_folder import S6, jobs_of
from ghostfix.step import Step
from ghostfix.steps.hold_service_folder import HoldServiceFolder


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """Its supervised folders that lead to the service."""
    return jobs_of(S6, system, service, tree)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """A ``down`` file, and an order to stay down."""
    return (HoldServiceFolder(reason=reason, suite=S6.kind, folder=job.scope),)


RESTARTER = Restarter(kind=S6.kind, title="s6 services (s6-supervise)", jobs=jobs, hold=hold)
