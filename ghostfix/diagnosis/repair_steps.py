"""Repair steps: the steps that several checks ask for, in the order in which they hold."""

import posixpath

from ghostfix.diagnosis.futile_start import futile_start
from ghostfix.diagnosis.instance_to_keep import instances_to_keep
from ghostfix.diagnosis.orphans import orphans
from ghostfix.diagnosis.own_manager import is_manager, jobs_of, managed_pids
from ghostfix.diagnosis.unwanted_restarters import unwanted_restarters
from ghostfix.managers.register import restarters
from ghostfix.model.finding import Finding
from ghostfix.model.job import Job
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFileState, Snapshot
from ghostfix.model.step import Step
from ghostfix.service.instance import instances
from ghostfix.steps.create_venv import CreateVenv
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess

_LEFT_ALONE = (PidFileState.SYMLINK, PidFileState.NOT_A_FILE)


def no_steps(_finding: Finding, _snapshot: Snapshot, _service: Service) -> tuple[Step, ...]:
    """The repair of a fault that follows from others, or that only a person can mend."""
    return ()


def restart(reason: str, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    """Holds every unwanted restarter, stops all instances but one that may stay, and starts one without it.

    Where the profile names a manager that takes orders, that one stops and starts its own instances; only
    copies beside them are stopped here. Complete in itself, so that a repair of one finding alone holds too.
    Empty when the instances that run are the ones that should, and when a start would change nothing.
    """
    if futile_start(snapshot, service) is not None:
        return ()
    through_manager = restart_managed(reason, snapshot, service)
    kept_pids = _roots_to_keep(snapshot, service)
    spared = managed_pids(snapshot, service) if through_manager else kept_pids
    stops = _stops(reason, snapshot, service, spared)
    removals = _pidfile_removals(reason, snapshot, service, stops)
    if through_manager:
        starts = () if kept_pids & spared else through_manager
    else:
        starts = () if kept_pids else start(reason, service)
    if not stops and not starts:
        return ()
    # What ends a loop comes last: it would otherwise leave its child behind, or see it end.
    holds = tuple(step for job in unwanted_restarters(snapshot, service) for step in hold(job))
    return (*stops, *holds, *removals, *starts)


def stop_all_but(
    reason: str, snapshot: Snapshot, service: Service, kept_pids: frozenset[int]
) -> tuple[Step, ...]:
    """Stops every instance and orphan but these, and moves the PID files aside that name the stopped."""
    stops = _stops(reason, snapshot, service, kept_pids)
    return (*stops, *_pidfile_removals(reason, snapshot, service, stops))


def hold(job: Job) -> tuple[Step, ...]:
    """What keeps a job from acting; nothing for a kind that ghostfix cannot hold."""
    restarter = next((each for each in restarters() if each.kind == job.kind), None)
    return () if restarter is None else restarter.hold(job, "rogue-restarter")


def hold_unwanted(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    """Holds the restarters that the finding is about, and leaves one instance.

    Nothing for one that is wanted: holding the only manager of a healthy service would do harm.
    """
    held = [
        job for job in jobs_of(snapshot, finding.subject) if job in unwanted_restarters(snapshot, service)
    ]
    if not held:
        return ()
    return (*restart(finding.code, snapshot, service), *(step for job in held for step in hold(job)))


def start(reason: str, service: Service) -> tuple[Step, ...]:
    """Starts one instance, unless the profile names a manager, whose business that is."""
    if service.manager != "none" or not service.instances or not service.start_command:
        return ()
    return (StartService(reason=reason, service=service),)


def restart_managed(reason: str, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    """The steps by which the profile's own manager starts the service afresh; none when it takes no orders.

    Of several jobs that the profile's words fit, those count that have its very name, and those of the scope
    in which one runs: a system-wide unit and a user's may be namesakes.
    """
    fitting = [job for job in snapshot.jobs if is_manager(service, job)]
    name = service.manager.partition(":")[2]
    fitting = [job for job in fitting if job.id == name] or fitting
    if not fitting or not service.instances:
        return ()
    scope = max(fitting, key=lambda job: (bool(job.starts), job.enabled)).scope
    able = {each.kind: each for each in restarters() if each.restart is not None}
    return tuple(
        step
        for job in fitting
        if job.scope == scope and job.kind in able
        for step in (able[job.kind].restart or _no_restart)(job, reason)
    )


def _no_restart(_job: Job, _reason: str) -> tuple[Step, ...]:
    return ()


def removal(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    """Moves the PID file that the finding is about aside, unless a process holds a lock on it.

    A symlink, or what is no regular file, is left as it is.
    """
    return tuple(
        RemovePidFile(reason=finding.code, pidfile=pidfile, service=service)
        for pidfile in snapshot.pidfiles.value
        if pidfile.path == finding.subject.name and not pidfile.locked and pidfile.state not in _LEFT_ALONE
    )


def install(reason: str, service: Service, packages: tuple[str, ...]) -> tuple[Step, ...]:
    """Installs packages into the profile's venv."""
    if service.python is None or not packages:
        return ()
    return (InstallPackages(reason=reason, python=service.python, packages=packages),)


def create_venv(reason: str, snapshot: Snapshot, service: Service, *, broken: bool) -> tuple[Step, ...]:
    """Makes the profile's venv with all that it requires, from a Python outside its folder."""
    if service.environment.venv is None:
        return ()
    inside = service.directory.rstrip("/") + "/"
    outside = [each.path for each in snapshot.environment.value.pythons if not each.path.startswith(inside)]
    pythons = sorted((path for path in outside if "python2" not in path), key=_how_unlikely)
    creation = CreateVenv(
        reason=reason,
        path=service.path(service.environment.venv),
        replaces_broken=broken,
        python=pythons[0] if pythons else "python3",
    )
    return (creation, *install(reason, service, service.environment.requires))


def _how_unlikely(python: str) -> int:
    """Sorts the Pythons of a PATH by how surely they are a Python 3, each kind in the PATH's order."""
    name = posixpath.basename(python)
    return 0 if name == "python3" else 1 if name.startswith("python3.") else 2


def _roots_to_keep(snapshot: Snapshot, service: Service) -> frozenset[int]:
    """Roots of the instances that stay: those to keep, or those that their manager would not start again."""
    kept = instances_to_keep(snapshot, service)
    if kept or service.manager == "none":
        return frozenset(instance.root.pid for instance in kept)
    brought_back = any(
        job.enabled and job.restarts_on_exit for job in snapshot.jobs if is_manager(service, job)
    )
    return frozenset() if brought_back else managed_pids(snapshot, service)


def _pidfile_removals(
    reason: str, snapshot: Snapshot, service: Service, stops: tuple[StopProcess, ...]
) -> tuple[Step, ...]:
    """Moves the PID files of what is stopped aside."""
    gone = {process.pid for stop in stops for process in (stop.process, *stop.members)}
    return tuple(
        RemovePidFile(reason=reason, pidfile=pidfile, service=service)
        for pidfile in snapshot.pidfiles.value
        if pidfile.state is PidFileState.READABLE and pidfile.pid in gone
    )


def _stops(
    reason: str, snapshot: Snapshot, service: Service, kept_pids: frozenset[int]
) -> tuple[StopProcess, ...]:
    """Every instance that does not stay, then every orphan that belongs to none."""

    def stop(process: Process, members: tuple[Process, ...]) -> StopProcess:
        wanted = service.stop
        return StopProcess(
            reason=reason, process=process, members=members, signal=wanted.signal, grace=wanted.grace
        )

    running = instances(snapshot, service)
    roots = {instance.root.pid for instance in running}
    return (
        *(
            stop(instance.root, instance.members)
            for instance in running
            if instance.root.pid not in kept_pids
        ),
        *(
            stop(orphan.process, orphan.members)
            for orphan in orphans(snapshot, service)
            if orphan.sure and orphan.process.pid not in roots
        ),
    )
