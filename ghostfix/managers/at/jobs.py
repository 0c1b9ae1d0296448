"""at: jobs that wait in its queue and will start the service once, or ever again by queueing themselves."""

from collections.abc import Iterable
from datetime import datetime

from ghostfix.managers.at.hold_job import HoldAtJob
from ghostfix.managers.at.queue import OUTPUTS, AtJob, queued
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Place
from ghostfix.model.machine import Platform, System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, follow
from ghostfix.service.instance import roots
from ghostfix.service.passwd import home_of

KIND = "at"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The waiting jobs that lead to the service, the first due first."""
    reading = queued(system)
    led: list[tuple[AtJob, Trail]] = []
    for job in reading.value:
        folder = job.script.folder or home_of(system, job.user)
        trail = follow(system, service, job.script.body, folder, job.script.variables)
        if trail is not None:
            led.append((job, trail))
    if not led:
        return Reading((), reading.problem, reading.complete)
    led.sort(key=lambda pair: (pair[0].due or 0.0, pair[0].number))
    running = roots(tree, system.caller().own_pids, service)
    # macOS has no daemon: launchd runs atrun, when it is enabled at all.
    runs = system.platform is Platform.MACOS or any(
        each.name == "atd" and each.alive for each in tree.by_pid.values()
    )
    started = _started(system, tree, running)
    found = []
    for job, trail in led:
        mine = tuple(process.pid for process in started if process.user == job.user)
        started = [process for process in started if process.pid not in mine]
        found.append(_job(job, trail, mine, runs=runs))
    return Reading(tuple(found), reading.problem, reading.complete)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """Saved, and taken out of the queue."""
    if not job.enabled:
        return ()
    return (HoldAtJob(reason=reason, number=int(job.id), user=job.scope, source=job.source),)


RESTARTER = Restarter(kind=KIND, title="at jobs", jobs=jobs, hold=hold)


def _job(job: AtJob, trail: Trail, started: tuple[int, ...], *, runs: bool) -> Job:
    when = "once" if job.due is None else f"once, at {datetime.fromtimestamp(job.due):%Y-%m-%d %H:%M}"
    lines = [line for line in job.script.body.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    path = job.path or f"at job {job.number}"
    return Job(
        kind=KIND,
        id=str(job.number),
        scope=job.user,
        where=Place(path, job.script.line, first),
        command=job.script.body.strip(),
        trigger=when if runs else f"{when}, but atd does not run",
        enabled=runs,
        restarts_on_exit=False,
        link=trail.link,
        confidence=trail.confidence,
        guarded=trail.guarded,
        starts=started,
        source=job.text.encode(errors="surrogateescape"),
    )


def _started(system: System, tree: ProcessTree, running: Iterable[Process]) -> list[Process]:
    """The instances below atd, and those that still write where a job of at prints."""
    found = []
    for process in running:
        below = any(above.name == "atd" for above in tree.ancestors(process.pid))
        files = () if below else (process.detail or system.detail(process)).open_files or ()
        if below or any(path.startswith(OUTPUTS) for path in files):
            found.append(process)
    return found
