"""Survey: all sources of a snapshot read once, those that wait side by side."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from msgspec import structs

from ghostfix.managers.register import restarters
from ghostfix.model.job import Job, JobsOfKind
from ghostfix.model.last_end import LastEnd
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.observation import Observation
from ghostfix.model.process import Listener, Process, ProcessTree
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import HealthWanted, Service, WebhookWanted
from ghostfix.model.snapshot import NOT_OBSERVED, WEBHOOK_NOT_SENT, Environment, LogExcerpt, PidFile, Snapshot
from ghostfix.model.task_group import Task, TaskGroup
from ghostfix.service import trust
from ghostfix.service.instance import roots
from ghostfix.survey import environment, health, listeners, pidfiles, processes, resources, webhook
from ghostfix.survey.former_user import former_user
from ghostfix.survey.logs import logs
from ghostfix.survey.logs.end_log import end_log
from ghostfix.survey.socket_activation import asleep

T = TypeVar("T")

TIMEOUT = 30.0
"""Seconds that a survey may take in all: longer than any one source is given, the venv's Python included."""


def survey(
    system: System,
    service: Service,
    *,
    prober: ActingSystem | None = None,
    all_logs: bool = False,
    timeout: float = TIMEOUT,
    observation: Observation | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """Reads the machine with this service in mind; the sources that wait are read side by side.

    ``prober``, when given, sends the webhook's payload; nothing else here can act. A source that fails in
    an unforeseen way is "could not look", with the error as the reason, and so is one that has not
    answered after ``timeout`` seconds in all. ``observation`` is what was seen
    just before. ``progress`` gets each source that has been read.
    """
    own = system.caller().own_pids
    sources = _Sources(timeout, progress)
    look = sources.begin

    # Those that may have to wait for another program's answer, and need nothing of what is read below.
    environment_ = look("environment", lambda: environment.collect(system, service), _NOWHERE)
    logs_ = look("logs", lambda: logs.read(system, service, all_logs), _NO_LOGS) if service.logs else None
    named_ = look("pidfiles", lambda: pidfiles.collect(system, service), _NO_PIDFILES)

    everyone = look("processes", system.processes, _NOBODY).reading()
    listeners_ = look("listeners", lambda: listeners.collect(system, service), _NO_LISTENERS).reading()
    pidfiles_ = named_.reading()
    known = processes.Known(everyone, listeners_, pidfiles_)
    seen = look("processes", lambda: processes.detailed(system, service, known), _NOBODY).reading()
    tree = ProcessTree(seen.value)
    since = min((process.id.started for process in roots(tree, own, service)), default=None)
    # To connect to what its manager keeps open for a service that sleeps would start it: a survey does not.
    unasked = partial(_unasked, system, service, listeners_, tree) if since is None else _may_be_asked
    health_ = look("health", lambda: health.collect(system, service, unasked(service.health)), None)
    webhook_ = (
        None
        if prober is None
        else look("webhook", lambda: webhook.collect(prober, service, unasked(service.webhook)), None)
    )

    restarters_ = [
        (each.kind, look(each.kind, partial(each.jobs, system, service, tree), _NO_JOBS))
        for each in restarters()
    ]
    resources_ = look("resources", lambda: resources.collect(system, service), None)
    jobs_ = [JobsOfKind(kind, source.reading()) for kind, source in restarters_]
    if logs_ is None:
        known_logs = logs.of_jobs(job for jobs in jobs_ for job in jobs.reading.value)
        logs_ = look("logs", lambda: logs.read_known(system, service, known_logs, all_logs), _NO_LOGS)
    ends_ = [
        look(f"ends of {jobs.kind}", partial(each.last_ends, system, service, jobs.reading.value), _NO_ENDS)
        for each, jobs in zip(restarters(), jobs_, strict=True)
        if each.last_ends is not None
    ]
    ended = _together([source.reading() for source in ends_])
    logs_of_ends = [end_log(end, service, system.now()) for end in ended.value]
    logs_read = logs_.reading()
    written = [*(each.path for each in pidfiles_.value), *(each.excerpt.path for each in logs_read.value)]
    return Snapshot(
        taken_at=system.now(),
        host=system.host(),
        own_pids=own,
        processes=seen,
        listeners=listeners_,
        pidfiles=pidfiles_,
        environment=environment_.reading(),
        resources=resources_.reading(),
        logs=_with_those(logs.dated(logs_read, since), logs_of_ends),
        health=health_.reading(),
        webhook=WEBHOOK_NOT_SENT if webhook_ is None else webhook_.reading(),
        restarters=tuple(jobs_),
        ends=ended,
        observation=NOT_OBSERVED if observation is None else Reading(observation),
        runner=trust.runner(system, (service.directory,)).value,
        former_user=former_user(system, written),
    )


def _together(ends: list[Reading[tuple[LastEnd, ...]]]) -> Reading[tuple[LastEnd, ...]]:
    """What all managers keep, in their order."""
    value = tuple(end for reading in ends for end in reading.value)
    return gathered(value, (reading.problem for reading in ends if reading.problem is not None))


def _with_those(
    read: Reading[tuple[LogExcerpt, ...]], more: list[LogExcerpt | None]
) -> Reading[tuple[LogExcerpt, ...]]:
    """The logs, and what managers keep of last lines elsewhere, each once."""
    known = {log.path for log in read.value}
    others = {log.path: log for log in more if log is not None and log.path not in known}
    return structs.replace(read, value=(*read.value, *others.values()))


def _unasked(
    system: System,
    service: Service,
    listeners: Reading[tuple[Listener, ...]],
    tree: ProcessTree,
    wanted: HealthWanted | WebhookWanted | None,
) -> str | None:
    if wanted is None:
        return None
    return asleep(service, wanted.url, listeners, tree, system.host().hostname)


def _may_be_asked(_wanted: HealthWanted | WebhookWanted | None) -> str | None:
    return None


_NOBODY: tuple[Process, ...] = ()
_NO_LISTENERS: tuple[Listener, ...] = ()
_NO_PIDFILES: tuple[PidFile, ...] = ()
_NO_JOBS: tuple[Job, ...] = ()
_NO_ENDS: tuple[LastEnd, ...] = ()
_NOWHERE = Environment(venv=None, pythons=())
_NO_LOGS: tuple[logs.ReadLog, ...] = ()


class _Sources:
    """The sources of one survey: begun by name, and read by one deadline."""

    def __init__(self, seconds: float, progress: Callable[[str], None]) -> None:
        self._looks = TaskGroup(seconds)
        self._late = f"no answer within {seconds:g} s"
        self._progress = progress

    def begin(self, name: str, collector: Callable[[], Reading[T]], nothing: T) -> "_Source[T]":
        def collect() -> Reading[T]:
            try:
                return collector()
            except Exception as error:
                return Reading(nothing, f"{name}: {type(error).__name__}: {error}", complete=False)
            finally:
                self._progress(name)

        late = Reading(nothing, f"{name}: {self._late}", complete=False)
        return _Source(self._looks.begin(collect), late)


class _Source(Generic[T]):
    """One source that is being read."""

    def __init__(self, look: Task[Reading[T]], late: Reading[T]) -> None:
        self._look = look
        self._late = late

    def reading(self) -> Reading[T]:
        """What it gave; "could not look", with its name, when it did not answer in time."""
        try:
            return self._look.result()
        except TimeoutError:
            return self._late
