"""``ghostfix run`` that stays: our own supervisor (``--restart``), and a standby (``--if-running=wait``)."""

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.watchdog import jobs as watchdog
from ghostfix.model.invocation import read_argv
from ghostfix.model.job import Job, Link, LinkKind
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessState, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.safe_text import as_typed
from ghostfix.model.service import Service
from ghostfix.scripts.ghostfix_run_command import OwnRun, read_own_run
from ghostfix.service.instance import roots

KIND = "ghostfix"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """Each that has an instance below it, or will start one in its time, the oldest first."""
    tops = roots(tree, system.caller().own_pids, service)
    found = []
    for process in sorted(tree.by_pid.values(), key=lambda each: (each.id.started, each.pid)):
        run = read_own_run(read_argv(process.argv))
        if run is None or not (run.restarts or run.waits) or not process.alive:
            continue
        below = tuple(top for top in tops if process in tree.ancestors(top.pid))
        if below or run.means(service, system.cwd(process)):
            found.append(_job(process, run, below, tree, service))
    return Reading(tuple(found))


def _job(
    process: Process, run: OwnRun, below: tuple[Process, ...], tree: ProcessTree, service: Service
) -> Job:
    return Job(
        kind=KIND,
        id=f"run {run.name or service.name}",
        where=None,
        command=as_typed(process.argv, 10_000),
        trigger="when the process ends" if run.restarts else "when whoever runs has ended",
        enabled=process.state is not ProcessState.STOPPED,
        restarts_on_exit=True,
        link=Link(LinkKind.OWNS_PROCESS if below else LinkKind.RUNS),
        confidence=Confidence.CERTAIN,
        scope=process.user,
        processes=(process.id,),
        starts=tuple(sorted(top.pid for top in below)),
        live=(process,),
        spared=tuple(member for top in below for member in (top, *tree.descendants(top.pid))),
        guarded=True,
    )


RESTARTER = Restarter(kind=KIND, title="ghostfix run that stays", jobs=jobs, hold=watchdog.hold)
