"""Services that runsv (runit), s6-supervise (s6) or supervise (daemontools) keep running: one folder each."""

from functools import partial

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.service_folders.folder import SUITES, Suite, jobs_of
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.job import Job
from ghostfix.model.step import Step


def hold(suite: Suite, job: Job, reason: str) -> tuple[Step, ...]:
    """A ``down`` file, and an order to stay down; nothing for one that is held."""
    if not job.enabled:
        return ()
    return (HoldServiceFolder(reason=reason, suite=suite.kind, folder=job.scope),)


def restart(suite: Suite, job: Job, reason: str) -> tuple[Step, ...]:
    """Starts the service, or restarts it when it runs."""
    return (RestartServiceFolder(reason=reason, suite=suite.kind, folder=job.scope),)


RESTARTERS = tuple(
    Restarter(
        kind=suite.kind,
        title=f"{suite.kind} services ({suite.supervisor})",
        jobs=partial(jobs_of, suite),
        hold=partial(hold, suite),
        restart=partial(restart, suite),
    )
    for suite in SUITES.values()
)
