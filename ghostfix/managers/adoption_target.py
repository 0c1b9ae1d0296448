"""Adoption target: one manager to which a service can be given, and what it would be given."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from ghostfix.managers.job_spec import JobWanted
from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.step import Step


class Unavailable(Struct, frozen=True):
    """Why a manager cannot have the service, and what to type or do about it."""

    reason: str
    hint: str = ""


class Offer(Struct, frozen=True, kw_only=True):
    """The one job that a manager would have, and the step that gives it to it."""

    manager: str
    """As the profile names it: ``systemd:web.service``."""
    step: Step
    scope: str | None = None
    """The ``Job.scope`` in which it will be found; None for any."""
    after: bytes = b""
    """The job's text."""
    place: str = ""
    """The file, or the crontab, that holds it."""
    notes: tuple[str, ...] = ()
    """What the user must know or do besides."""

    def is_its(self, job: Job) -> bool:
        """Whether a job that was found is this very one."""
        kind, _, name = self.manager.partition(":")
        if job.kind != kind or (self.scope is not None and job.scope != self.scope):
            return False
        return job.id == name if name else job.source.strip() == self.after.strip()


@dataclass(frozen=True)
class Adopter:
    """One value of ``--with``. ``offer`` only reads; what it gives is previewed and executed as it stands."""

    kind: str
    title: str
    enforces: frozenset[str]
    """Which of the profile's ``limits.service_*`` it keeps the service to; the others are only watched."""
    offer: Callable[[System, JobWanted], Offer | Unavailable]
    settles: float = 30.0
    """Seconds in which the service must be up once the job is there."""
