"""Containers of docker and podman whose restart policy brings the service back."""

from functools import partial

from ghostfix.managers.containers.hold_container import HoldContainer
from ghostfix.managers.containers.last_end import last_ends
from ghostfix.managers.containers.owner import ENGINES, jobs_of
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job
from ghostfix.model.step import Step


def hold(engine: str, job: Job, reason: str) -> tuple[Step, ...]:
    """No restart policy, and stopped."""
    if not job.enabled:
        return ()
    return (HoldContainer(reason=reason, engine=engine, container=job.scope, name=job.id),)


RESTARTERS = tuple(
    Restarter(
        kind=engine,
        title=f"{engine} containers",
        jobs=partial(jobs_of, engine),
        hold=partial(hold, engine),
        last_ends=partial(last_ends, engine),
    )
    for engine in ENGINES
)
