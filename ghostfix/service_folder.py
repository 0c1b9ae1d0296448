"""Service folders: what runit, s6 and daemontools have in common.

Each runs one supervising process per service, whose working directory is the service's folder; it runs the
folder's ``run`` again whenever that ends, unless the folder has a file ``down`` or it was told to stay down.
"""

import posixpath

from msgspec import Struct

from ghostfix.instance import roots
from ghostfix.job import Job, Link, LinkKind, Place
from ghostfix.machine import System
from ghostfix.process import Process, ProcessTree
from ghostfix.reading import Confidence, Reading
from ghostfix.service import Service
from ghostfix.trail import follow_argv


class Suite(Struct, frozen=True, kw_only=True):
    """One of the three: its supervising program, and the commands that its control program takes."""

    kind: str
    supervisor: str
    down: tuple[str, ...]
    """The folder's path follows."""
    up: tuple[str, ...]


RUNIT = Suite(kind="runit", supervisor="runsv", down=("sv", "force-stop"), up=("sv", "up"))
S6 = Suite(
    kind="s6", supervisor="s6-supervise", down=("s6-svc", "-wD", "-T", "20000", "-d"), up=("s6-svc", "-u")
)
DAEMONTOOLS = Suite(kind="daemontools", supervisor="supervise", down=("svc", "-d"), up=("svc", "-u"))
SUITES = {suite.kind: suite for suite in (RUNIT, S6, DAEMONTOOLS)}


def jobs_of(suite: Suite, system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The supervised folders whose ``run`` leads to the service, or whose process is an instance of it."""
    caller = system.caller()
    running = roots(tree, (caller.pid, *caller.ancestors), service)
    found: list[Job] = []
    problems: list[str] = []
    for process in tree.by_pid.values():
        if not process.alive or not process.argv or posixpath.basename(process.argv[0]) != suite.supervisor:
            continue
        folder = system.detail(process).cwd
        if folder is None:
            problems.append(f"the folder of {suite.supervisor} (pid {process.pid}) could not be seen")
            continue
        job = _job(suite, system, service, process, folder, tree, running)
        if job is not None:
            found.append(job)
    return Reading(tuple(found), "; ".join(problems) or None, not problems)


def _job(
    suite: Suite,
    system: System,
    service: Service,
    supervisor: Process,
    folder: str,
    tree: ProcessTree,
    running: tuple[Process, ...],
) -> Job | None:
    run = f"{folder}/run"
    trail = follow_argv(system, service, (run,), folder)
    below = {process.pid for process in tree.descendants(supervisor.pid)}
    owned = tuple(process.pid for process in running if process.pid in below)
    if trail is None and not owned:
        return None
    held = system.status(f"{folder}/down").value is not None
    return Job(
        kind=suite.kind,
        id=posixpath.basename(folder),
        scope=folder,
        where=Place(run),
        command=run,
        trigger="when it exits, after a second" + (", but not while `down` exists" if held else ""),
        enabled=bool(below) or not held,
        restarts_on_exit=True,
        link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN if trail is None else trail.confidence,
        guarded=True,
        starts=owned,
    )
