"""Watchdogs: running loops, in shell, Python or Node, that will start the service again.

A loop is found by its process: its command line names the text that it runs (a script, or code given with
``-c``), and that text is followed to the service. What a renamed shell runs is found by its process's name.
A script that only runs the service, or whose loop another process runs, is no watchdog. A program that is the
parent of an instance, and whose text does not tell, may be one.
"""

import posixpath
from collections.abc import Iterable

from msgspec import Struct, structs

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.hold_pane import pane_of
from ghostfix.managers.watchdog.live_parent import LiveParent, live_parents
from ghostfix.managers.watchdog.loop_family import loop_family
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.invocation import read_argv
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System, has_ended
from ghostfix.model.manager_signs import manager_of
from ghostfix.model.process import Process, ProcessState, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.safe_text import as_typed, safe
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.ghostfix_run_command import read_own_run
from ghostfix.scripts.script import every
from ghostfix.scripts.start_search import Search, Trail, search_argv
from ghostfix.scripts.wrappers import launches
from ghostfix.service.instance import roots

KIND = "watchdog"
_RUNTIMES = frozenset({"bash", "sh", "dash", "zsh", "ksh", "node", "nodejs", "deno", "bun", "watch", "entr"})


class _Watchdog(Struct, frozen=True, kw_only=True):
    """A process that was followed to the service, and what was seen of it."""

    process: Process
    argv: tuple[str, ...]
    """Its command line, with a renamed interpreter's own name put back."""
    trail: Trail
    script: str | None
    """The absolute path of its script; None for ``-c`` code."""


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The loops that lead to the service, the oldest first. Those that are stopped are not enabled.

    ``problem`` names the scripts that could not be read; the reading is incomplete when one of them is
    run in the service's directory, by a user whose files ghostfix ought to be able to read. What a stranger
    runs elsewhere, from a pipe perhaps, must not make every diagnosis uncertain.
    """
    caller = system.caller()
    tops = roots(tree, caller.own_pids, service)
    ours = {process.pid for top in tops for process in (top, *tree.descendants(top.pid))}.union(
        caller.own_pids
    )
    found: list[_Watchdog] = []
    problems: list[str] = []
    notes: list[str] = []
    complete = True
    read: set[tuple[str, ...]] = set()
    fruitless: set[tuple[tuple[str, ...], str | None]] = set()
    for process in sorted(tree.by_pid.values(), key=lambda each: (each.id.started, each.pid)):
        argv = _argv(process)
        if not process.alive or process.pid <= 1 or process.pid in ours or not _has_text(argv):
            continue
        if read_own_run(read_argv(argv)) is not None:
            continue  # our own supervisor, which is a restarter of its own
        host = manager_of(process, system.managers)
        if host is not None and host[0].is_session:
            continue  # it carries the loop of its first pane in its arguments, and runs none
        # A crowd of workers with one command line is followed once: the same text leads nowhere each time.
        cwd = system.cwd(process) if process.detail is None else process.detail.cwd
        if (argv, cwd) in fruitless:
            continue
        search = _search(system, service, process, argv, cwd)
        notes.extend(f"pid {process.pid} runs {note}" for note in search.unfollowed)
        if search.trail is None and not search.problems:
            fruitless.add((argv, cwd))
        if search.problems and search.trail is None and has_ended(system, process):
            continue
        problems.extend(f"pid {process.pid} runs {problem}" for problem in search.problems)
        readable = caller.uid in (0, process.uid) and _is_near(service, cwd)
        complete = complete and not (search.problems and readable)
        trail = search.trail
        if trail is not None:
            read.add(process.argv)
        if trail is not None and _restarts(search, trail, process, tree, tops):
            process = structs.replace(process, detail=process.detail or system.detail(process))
            script = _script_path(argv, cwd)
            found.append(_Watchdog(process=process, argv=argv, trail=trail, script=script))
    loops = _without_subshells(found, tree)
    value = tuple(_job(system, each, loops, tree, tops) for each in loops)
    value += tuple(_parent_job(system, each) for each in live_parents(system, tree, tops, read))
    return Reading(value, "; ".join(problems) or None, complete, "; ".join(notes) or None)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """Stops the loop where it is; ends it once the instances are stopped, so that it leaves no orphan.

    A pane's own process cannot be stopped where it is: tmux and screen let it go on.
    """
    steps: list[Step] = []
    for process in job.live:
        pane = pane_of(process, reason, job.spared, job.others)
        if pane is not None:
            steps.append(pane)
            continue
        steps.append(HoldWatchdog(reason=reason, process=process, spared=(*job.spared, *job.others)))
        steps.append(StopWatchdog(reason=reason, process=process, spared=job.spared, others=job.others))
    return tuple(steps)


RESTARTER = Restarter(kind=KIND, title="watchdog scripts and loops", jobs=jobs, hold=hold)


def _is_near(service: Service, cwd: str | None) -> bool:
    """Whether it runs in the service's directory, or where that could not be seen."""
    return cwd is None or f"{cwd}/".startswith(f"{service.directory}/")


def _argv(process: Process) -> tuple[str, ...]:
    """The command line; where the first word is not the runtime's name, but the process's name is, that."""
    named = process.name in _RUNTIMES or process.name.startswith("python")
    if not process.argv or not named or _has_text(process.argv):
        return process.argv
    return (process.name, *process.argv[1:])


def _has_text(argv: tuple[str, ...]) -> bool:
    """Whether it runs text that can be read: a script, a module, code, or a launcher's command."""
    invocation = read_argv(argv)
    if invocation is None:
        return False
    if launches(argv) is not None:
        return True
    return any(part is not None for part in (invocation.script, invocation.code, invocation.module))


def _search(
    system: System, service: Service, process: Process, argv: tuple[str, ...], cwd: str | None
) -> Search:
    variables = system.environment(process) if process.detail is None else process.detail.environment
    # Without the folder a relative path cannot be resolved; what is absolute still can.
    return search_argv(system, service, argv, cwd or "/", variables or ())


def _restarts(
    search: Search, trail: Trail, process: Process, tree: ProcessTree, tops: Iterable[Process]
) -> bool:
    """It loops itself; or it waits for an instance, and another start comes after that."""
    if trail.own_loop is not None:
        return True
    waits = any(each.pid == process.pid for top in tops for each in tree.ancestors(top.pid))
    return waits and search.again


def _script_path(argv: tuple[str, ...], cwd: str | None) -> str | None:
    invocation = read_argv(argv)
    if invocation is None or invocation.script is None:
        return None
    return posixpath.normpath(posixpath.join(cwd or "/", invocation.script))


def _without_subshells(found: list[_Watchdog], tree: ProcessTree) -> list[_Watchdog]:
    """A shell's copy of itself, forked for a part of its script, belongs to the loop above it."""
    argv_of = {each.process.pid: each.process.argv for each in found}
    return [
        each
        for each in found
        if not any(
            argv_of.get(ancestor.pid) == each.process.argv for ancestor in tree.ancestors(each.process.pid)
        )
    ]


def _job(
    system: System, watchdog: _Watchdog, loops: list[_Watchdog], tree: ProcessTree, tops: Iterable[Process]
) -> Job:
    process, trail = watchdog.process, watchdog.trail
    below = [top for top in tops if any(each.pid == process.pid for each in tree.ancestors(top.pid))]
    left = [top for top in tops if top not in below and _left_behind(system, watchdog, top, tree)]
    where, hops = _where(watchdog)
    spared = tuple(member for top in below for member in (top, *tree.descendants(top.pid)))
    return Job(
        kind=KIND,
        id=_id(watchdog, loops),
        where=where,
        command=as_typed(process.argv, 10_000),
        trigger=_trigger(trail),
        enabled=process.state is not ProcessState.STOPPED,
        restarts_on_exit=True,
        link=Link(LinkKind.RUNS_SCRIPT if hops else LinkKind.RUNS, hops),
        confidence=Confidence.CERTAIN if below else trail.confidence,
        scope=process.user,
        processes=(process.id,),
        starts=tuple(sorted(top.pid for top in (*below, *left))),
        live=(process,),
        spared=spared,
        others=_others(system, process, spared, tree),
        guarded=trail.guarded,
        output=(trail.output,) if trail.output else (),
    )


def _parent_job(system: System, parent: LiveParent) -> Job:
    process = structs.replace(parent.process, detail=parent.process.detail or system.detail(parent.process))
    script = _script_path(process.argv, None if process.detail is None else process.detail.cwd)
    return Job(
        kind=KIND,
        id=script or f"pid {process.pid}",
        where=None if script is None else Place(script),
        command=as_typed(process.argv, 10_000),
        trigger="when it ends, as its parent",
        enabled=process.state is not ProcessState.STOPPED,
        restarts_on_exit=True,
        link=Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.POSSIBLE,
        scope=process.user,
        processes=(process.id,),
        starts=tuple(sorted(top.pid for top in parent.instances)),
        live=(process,),
        spared=parent.instances,
    )


def _others(
    system: System, loop: Process, service: tuple[Process, ...], tree: ProcessTree
) -> tuple[Process, ...]:
    """What the loop started for others."""
    if not tree.children(loop.pid):
        return ()
    listening = {owner for listener in system.listeners().value for owner in listener.owners}
    return loop_family(tree, loop, service, listening, system.now()).others


def _id(watchdog: _Watchdog, loops: list[_Watchdog]) -> str:
    """The script's path, with the PID when several processes run it; else the PID."""
    if watchdog.script is None:
        return f"pid {watchdog.process.pid}"
    several = sum(each.script == watchdog.script for each in loops) > 1
    return f"{watchdog.script}#{watchdog.process.pid}" if several else watchdog.script


def _where(watchdog: _Watchdog) -> tuple[Place | None, tuple[Place, ...]]:
    """The line of its own script from which the start is reached, and the lines after that."""
    hops = watchdog.trail.link.hops
    if watchdog.script is None:
        return None, hops
    if hops and hops[0].file == watchdog.script:
        return hops[0], hops[1:]
    return Place(watchdog.script), hops


def _trigger(trail: Trail) -> str:
    loop = trail.own_loop or trail.loop
    interval = None if loop is None else loop.interval
    if not trail.guarded and not trail.background:
        return "when the process exits" if not interval else f"when the process exits, {interval:g} s later"
    often = "again and again" if not interval else every(interval)
    return f"{often} (it looks first: {safe(trail.guard, 80)})" if trail.guard else often


def _left_behind(system: System, watchdog: _Watchdog, top: Process, tree: ProcessTree) -> bool:
    """Whether an instance whose parent is gone was started by this loop.

    A shell without job control leaves its children in its own process group. Else: the instance writes to
    the file to which the loop sends its output, runs in the folder in which the loop starts it, is younger
    than the loop, and belongs to the same user.
    """
    process = watchdog.process
    if top.id.started < process.id.started or top.uid != process.uid:
        return False
    if top.ppid > 1 and top.ppid in tree.by_pid and not _adopts(tree.by_pid[top.ppid]):
        return False
    if process.group > 1 and top.group == process.group:
        return True
    output = watchdog.trail.output
    if output is None:
        return False
    detail = top.detail or system.detail(top)
    return output in (detail.open_files or ())


def _adopts(process: Process) -> bool:
    return process.name in ("systemd", "init", "launchd", "tini", "dumb-init", "docker-init")
