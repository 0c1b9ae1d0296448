"""monit: the checks whose commands start the service, or that watch a process of it."""

import shlex
from collections.abc import Sequence

from ghostfix.managers.monit.config import MonitCheck, MonitCommand
from ghostfix.managers.monit.daemon import CheckState, MonitDaemon, configuration, daemons, states
from ghostfix.managers.monit.hold_check import HoldMonitCheck
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, follow_argv
from ghostfix.service.instance import roots

KIND = "monit"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The checks that lead to the service, of every monit that runs, or of the usual control file.

    What monit says is asked only when one of its checks leads to the service. Another user's control file,
    which only its owner may read, is said and not missed.
    """
    caller = system.caller()
    running = roots(tree, caller.own_pids, service)
    reading = daemons(system, tree.by_pid.values())
    found: list[Job] = []
    problems = [] if reading.problem is None else [reading.problem]
    complete = reading.complete
    for daemon in reading.value:
        config = configuration(system, daemon.control)
        readable = daemon.process is not None and caller.uid in (0, daemon.process.uid)
        if config.problem is not None and daemon.process is not None:
            problems.append(config.problem)
            complete = complete and not readable
        leading = [
            (check, led)
            for check in config.value.checks
            if (led := _leads(system, service, check)) is not None
        ]
        answer: Reading[tuple[CheckState, ...]] = Reading(())
        if daemon.process is not None and (leading or (running and config.value.checks)):
            answer = states(system, daemon.control)
        if answer.problem is not None:
            problems.append(answer.problem)
            complete = False
        by_name = {check.name: led for check, led in leading}
        for check in config.value.checks:
            state = next((each for each in answer.value if each.name == check.name), None)
            job = _job(system, daemon, check, by_name.get(check.name), state, running, config.value.period)
            found += [] if job is None else [job]
    return Reading(tuple(found), "; ".join(problems) or None, complete)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """``unmonitor``, which outlives a restart of monit."""
    return (HoldMonitCheck(reason=reason, check=job.id, control=job.scope),) if job.enabled else ()


RESTARTER = Restarter(kind=KIND, title="monit checks", jobs=jobs, hold=hold)


def _leads(system: System, service: Service, check: MonitCheck) -> tuple[MonitCommand, Trail] | None:
    """The first of its commands that starts the service; monit runs them from ``/``, without a shell."""
    for command in check.commands:
        trail = follow_argv(system, service, _words(command.text), "/")
        if trail is not None:
            return command, trail
    return None


def _job(
    system: System,
    daemon: MonitDaemon,
    check: MonitCheck,
    led: tuple[MonitCommand, Trail] | None,
    state: CheckState | None,
    running: Sequence[Process],
    period: int | None,
) -> Job | None:
    owned = _owned(system, check, state, running)
    command = led[0] if led is not None else next(iter(check.commands), None)
    if (led is None and not owned) or command is None:
        return None
    monitored = state is not None and state.monitored
    every = "" if period is None else f", looked at every {period} s"
    when = f"when it does not exist{every}" if check.restarts else f"when one of its tests fails{every}"
    notes = [
        "" if daemon.process is not None else "monit itself does not run",
        "it is not monitored" if state is not None and not monitored else "",
        "mode passive: it only tells" if check.passive else "",
    ]
    return Job(
        kind=KIND,
        id=check.name,
        scope=daemon.control,
        where=Place(check.file, command.line, f'{command.verb} "{command.text}"'),
        command=command.text,
        trigger=", ".join((when, *(note for note in notes if note))),
        enabled=daemon.process is not None and monitored and not check.passive,
        restarts_on_exit=check.restarts and check.kind == "process",
        link=Link(LinkKind.OWNS_PROCESS) if led is None else led[1].link,
        confidence=Confidence.CERTAIN if led is None or owned else led[1].confidence,
        guarded=True,
        starts=owned,
    )


def _owned(
    system: System, check: MonitCheck, state: CheckState | None, running: Sequence[Process]
) -> tuple[int, ...]:
    """The instance that it watches, and those that its start command left: they carry the check's name."""
    if check.kind != "process":
        return ()
    watched = None if state is None else state.pid
    return tuple(
        process.pid
        for process in running
        if process.pid == watched
        or (process.detail or system.detail(process)).variable("MONIT_SERVICE") == check.name
    )


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())
