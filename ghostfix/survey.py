"""Survey: one look at all sources of a snapshot, those that wait side by side."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from ghostfix import owner
from ghostfix.beside import beside
from ghostfix.collectors import (
    environment,
    health,
    listeners,
    logs,
    pidfiles,
    processes,
    resources,
    webhook,
)
from ghostfix.instance import roots
from ghostfix.job import Job, JobsOfKind
from ghostfix.machine import ActingSystem, System
from ghostfix.process import Listener, Process, ProcessTree
from ghostfix.reading import Reading
from ghostfix.restarter import Restarter
from ghostfix.restarters import RESTARTERS
from ghostfix.service import Service
from ghostfix.snapshot import WEBHOOK_NOT_SENT, Environment, LogExcerpt, PidFile, Snapshot

T = TypeVar("T")


def survey(
    system: System,
    service: Service,
    *,
    prober: ActingSystem | None = None,
    all_logs: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """One look at the machine with this service in mind; the sources that wait are read side by side.

    ``prober``, when given, sends the webhook's payload; nothing else here can act. A source that fails in
    a way nobody foresaw is "could not look", with the error as the reason. ``progress`` is told each
    source that has been read.
    """
    caller = system.caller()
    own = (caller.pid, *caller.ancestors)

    def collect(name: str, collector: Callable[[], Reading[T]], nothing: T) -> Reading[T]:
        try:
            return collector()
        except Exception as error:
            return Reading(nothing, f"{name}: {type(error).__name__}: {error}", complete=False)
        finally:
            progress(name)

    def look(name: str, collector: Callable[[], Reading[T]], nothing: T) -> Future[Reading[T]]:
        return beside(partial(collect, name, collector, nothing))

    nobody: tuple[Process, ...] = ()
    seen = collect("processes", lambda: processes.collect(system, service), nobody)
    tree = ProcessTree(seen.value)
    running = roots(tree, own, service)
    since = min((process.id.started for process in running), default=None)

    def jobs(restarter: Restarter) -> JobsOfKind:
        none: tuple[Job, ...] = ()
        reading = collect(restarter.kind, lambda: restarter.jobs(system, service, tree), none)
        return JobsOfKind(restarter.kind, reading)

    no_logs: tuple[LogExcerpt, ...] = ()
    no_listeners: tuple[Listener, ...] = ()
    no_pidfiles: tuple[PidFile, ...] = ()
    nowhere = Environment(venv=None, pythons=())
    health_ = look("health", lambda: health.collect(system, service), None)
    environment_ = beside(
        lambda: collect("environment", lambda: environment.collect(system, service), nowhere)
    )
    restarters_ = [beside(partial(jobs, restarter)) for restarter in RESTARTERS]
    logs_ = look("logs", lambda: logs.collect(system, service, since, all_logs), no_logs)
    listeners_ = look("listeners", lambda: listeners.collect(system, service), no_listeners)
    pidfiles_ = look("pidfiles", lambda: pidfiles.collect(system, service), no_pidfiles)
    resources_ = look("resources", lambda: resources.collect(system, service), None)
    webhook_ = None if prober is None else look("webhook", lambda: webhook.collect(prober, service), None)
    return Snapshot(
        taken_at=system.now(),
        host=system.host(),
        own_pids=own,
        processes=seen,
        listeners=listeners_.result(),
        pidfiles=pidfiles_.result(),
        environment=environment_.result(),
        resources=resources_.result(),
        logs=logs_.result(),
        health=health_.result(),
        webhook=WEBHOOK_NOT_SENT if webhook_ is None else webhook_.result(),
        restarters=tuple(job.result() for job in restarters_),
        runner=owner.runner(system, (service.directory,)).value,
    )
