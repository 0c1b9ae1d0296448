"""Own manager: which jobs belong together, and which of them the profile names as the service's own."""

import posixpath

from ghostfix.model.finding import Subject, SubjectKind
from ghostfix.model.job import Job
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

_UNIT_SUFFIXES = (".service", ".timer", ".socket", ".path", ".target")


def is_manager(service: Service, job: Job) -> bool:
    """Whether the profile names this job: ``systemd:ghost.service``, ``supervisord:p``, ``cron``."""
    return not job.namesake and names_job(service, job.kind, job.id, job.scope)


def names_job(service: Service, kind: str, job: str, scope: str) -> bool:
    """Whether the profile names the job of this kind with this name; ``systemd-user:`` means a user's."""
    wanted, _, name = service.manager.partition(":")
    if kind != wanted and (f"{kind}-user" != wanted or not scope.startswith("user:")):
        return False
    return not name or job == name or _stem(kind, job) == _unit_stem(name)


def managed_pids(snapshot: Snapshot, service: Service) -> frozenset[int]:
    """The processes that the profile's own manager started and means to run."""
    return frozenset(pid for job in snapshot.jobs if is_manager(service, job) for pid in job.present)


def managers(snapshot: Snapshot) -> tuple[tuple[Job, ...], ...]:
    """The enabled jobs, those of one manager together; mere possibilities are left out.

    A unit and its timer or socket are one manager; so are a watchdog and the job that starts its script.
    """
    groups: list[list[Job]] = []
    for job in snapshot.jobs:
        if not job.enabled or job.confidence is Confidence.POSSIBLE:
            continue
        joined = [group for group in groups if any(_together(job, other) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), job])
    return tuple(tuple(group) for group in groups)


def job_subject(job: Job) -> Subject:
    """What a finding about a job is about."""
    return Subject(SubjectKind.JOB, job.label)


def jobs_of(snapshot: Snapshot, subject: Subject) -> tuple[Job, ...]:
    """The jobs that a finding is about; two scopes may have one of the same name."""
    return tuple(job for job in snapshot.jobs if job_subject(job) == subject)


def starts_watchdog(job: Job, watchdog: Job) -> bool:
    """Whether a job starts the script of a watchdog."""
    if watchdog.kind != "watchdog" or job.kind == "watchdog" or watchdog.where is None:
        return False
    return any(hop.file == watchdog.where.file for hop in job.link.hops)


def is_own_supervisor(job: Job) -> bool:
    """Whether it is a ``ghostfix run`` that stays, which the owner of the profile started on purpose."""
    return job.kind == "ghostfix"


def _below(supervisor: Job, starter: Job) -> bool:
    """Whether our own supervisor runs the instance that a manager counts as its own: that started it."""
    return is_own_supervisor(supervisor) and bool(set(supervisor.starts) & set(starter.starts))


def _together(one: Job, other: Job) -> bool:
    if starts_watchdog(one, other) or starts_watchdog(other, one):
        return True
    if is_own_supervisor(one) and is_own_supervisor(other):
        return True  # one lock lets one of them start it
    if _below(one, other) or _below(other, one):
        return True
    if one.kind != other.kind or one.scope != other.scope or one.kind == "cron":
        return False
    return _stem(one.kind, one.id) == _stem(other.kind, other.id)


def _stem(kind: str, job: str) -> str:
    return _unit_stem(job) if kind.startswith("systemd") else job.partition(":")[0]


def _unit_stem(name: str) -> str:
    """``ghost`` of ``ghost.service``, ``ghost.timer`` and ``ghost@1.service``."""
    stem, suffix = posixpath.splitext(name)
    return (stem if suffix in _UNIT_SUFFIXES else name).partition("@")[0]
