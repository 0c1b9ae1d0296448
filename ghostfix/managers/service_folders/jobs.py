"""runit: the services that runsv supervises."""

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.service_folders.folder import RUNIT, jobs_of
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step


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
