"""runit: the services that runsv supervises."""

from ghostfix.job import Job
from ghostfix.machine import System
from ghostfix.managers.service_folder import RUNIT, jobs_of
from ghostfix.process import ProcessTree
from ghostfix.reading import Reading
from ghostfix.restarter import Restarter
from ghostfix.service import Service
from ghostfix.step import Step
from ghostfix.steps.hold_service_folder import HoldServiceFolder
from ghostfix.steps.restart_service_folder import RestartServiceFolder


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """Its supervised folders that lead to the service."""
    return jobs_of(RUNIT, system, service, tree)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """A ``down`` file, and an order to stay down; nothing for one that is held."""
    if not job.enabled:
        return ()
    return (HoldServiceFolder(reason=reason, suite=RUNIT.kind, folder=job.scope),)


def restart(job: Job, reason: str) -> tuple[Step, ...]:
    """Starts the service, or restarts it when it runs."""
    return (RestartServiceFolder(reason=reason, suite=RUNIT.kind, folder=job.scope),)


RESTARTER = Restarter(kind=RUNIT.kind, title="runit services (runsv)", jobs=jobs, hold=hold, restart=restart)
