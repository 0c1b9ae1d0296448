"""forever: the monitors that run a script again when it exits."""

import posixpath

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.model.invocation import read_argv
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessState, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import follow_argv
from ghostfix.service.instance import roots

KIND = "forever"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The monitors (``node .../forever/bin/monitor SCRIPT``) that run the service.

    What a monitor runs its script with is known to it alone; its children show it.
    """
    running = roots(tree, system.caller().own_pids, service)
    found = [
        job
        for process in tree.by_pid.values()
        if _is_monitor(process) and (job := _job(system, service, tree, process, running)) is not None
    ]
    return Reading(tuple(found))


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """The monitor is stopped where it is: ended, it could not be started again with the same options."""
    if not job.enabled:
        return ()
    return tuple(HoldWatchdog(reason=reason, process=process, spared=job.spared) for process in job.live)


RESTARTER = Restarter(kind=KIND, title="forever monitors", jobs=jobs, hold=hold)


def _is_monitor(process: Process) -> bool:
    invocation = read_argv(process.argv) if process.alive and process.argv else None
    script = "" if invocation is None else invocation.script or ""
    return script.endswith("/forever/bin/monitor")


def _job(
    system: System, service: Service, tree: ProcessTree, process: Process, running: tuple[Process, ...]
) -> Job | None:
    invocation = read_argv(process.argv)
    words = () if invocation is None else invocation.arguments
    script = next(iter(words), "")
    cwd = (process.detail or system.detail(process)).cwd or "/"
    interpreter = "python3" if script.endswith(".py") else "node"
    trail = follow_argv(system, service, (interpreter, *words), cwd)
    below = {each.pid for each in tree.descendants(process.pid)}
    owned = [each for each in running if each.pid in below]
    if trail is None and not owned:
        return None
    path = posixpath.normpath(posixpath.join(cwd, script))
    spared = [member for top in owned for member in (top, *tree.descendants(top.pid))]
    return Job(
        kind=KIND,
        id=path if script else f"pid {process.pid}",
        where=Place(path) if script else None,
        command=" ".join(words),
        trigger="when it exits",
        enabled=process.state is not ProcessState.STOPPED,
        restarts_on_exit=True,
        link=Link(LinkKind.OWNS_PROCESS) if trail is None else trail.link,
        confidence=Confidence.CERTAIN if trail is None or owned else trail.confidence,
        scope=process.user,
        processes=(process.id,),
        starts=tuple(each.pid for each in owned),
        live=(process,),
        spared=tuple(spared),
        guarded=True,
    )
