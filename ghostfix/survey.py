"""Survey: one look at all sources of a snapshot, those that wait side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

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
from ghostfix.process import Process, ProcessTree
from ghostfix.reading import Reading
from ghostfix.restarter import Restarter
from ghostfix.restarters import RESTARTERS
from ghostfix.service import Service
from ghostfix.snapshot import WEBHOOK_NOT_SENT, Environment, Snapshot

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

    nobody: tuple[Process, ...] = ()
    seen = collect("processes", lambda: processes.collect(system, service), nobody)
    tree = ProcessTree(seen.value)
    running = roots(tree, own, service)
    since = min((process.id.started for process in running), default=None)

    def jobs(restarter: Restarter) -> JobsOfKind:
        none: tuple[Job, ...] = ()
        reading = collect(restarter.kind, lambda: restarter.jobs(system, service, tree), none)
        return JobsOfKind(restarter.kind, reading)

    nowhere = Environment(venv=None, pythons=())
    with ThreadPoolExecutor(max_workers=8) as pool:
        health_ = pool.submit(collect, "health", lambda: health.collect(system, service), None)
        environment_ = pool.submit(
            collect, "environment", lambda: environment.collect(system, service), nowhere
        )
        restarters_ = [pool.submit(jobs, restarter) for restarter in RESTARTERS]
        logs_ = pool.submit(collect, "logs", lambda: logs.collect(system, service, since, all_logs), ())
        listeners_ = pool.submit(collect, "listeners", lambda: listeners.collect(system, service), ())
        pidfiles_ = pool.submit(collect, "pidfiles", lambda: pidfiles.collect(system, service), ())
        resources_ = pool.submit(collect, "resources", lambda: resources.collect(system, service), None)
        webhook_ = (
            None
            if prober is None
            else pool.submit(collect, "webhook", lambda: webhook.collect(prober, service), None)
        )
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
        )
