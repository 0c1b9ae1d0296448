"""supervisord: the programs of its configuration, and the processes that it has now."""

import posixpath
import shlex
from collections.abc import Iterator

from msgspec import structs

from ghostfix.managers.foreign_daemon import is_other_users, outside
from ghostfix.managers.restarter import Restarter
from ghostfix.managers.supervisord.config import SupervisorProgram
from ghostfix.managers.supervisord.daemon import (
    Daemon,
    ProgramProcess,
    Programs,
    daemons,
    is_supervisord,
    programs_of,
    states,
)
from ghostfix.managers.supervisord.hold_program import HoldSupervisorProgram
from ghostfix.managers.supervisord.last_end import last_ends
from ghostfix.managers.supervisord.output import expansions, filled, output_files
from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import search_argv
from ghostfix.service.instance import roots


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The programs that run the service, of every supervisord that runs or has a configuration in /etc.

    What a supervisord left behind when it was killed is a job too, one that is not restarted any more.
    """
    running = roots(tree, system.caller().own_pids, service)
    found: list[Job] = []
    problems: list[str] = []
    notes: list[str] = []
    kept: set[int] = set()
    for daemon in daemons(system, tree):
        away = None if daemon.process is None else outside(system, daemon.process)
        if away is not None:
            notes.append(away)
            continue
        foreign = daemon.process is not None and is_other_users(
            system, service, "supervisord", daemon.process, running
        )
        unread = notes if foreign else problems
        if daemon.process is not None and not daemon.config:
            unread.append(f"the configuration of supervisord (pid {daemon.process.pid}) is not known")
            continue
        programs = programs_of(system, daemon.config)
        listed = states(system, daemon)
        look = _ProgramSearch(system, service, tree, daemon, programs.value, listed.value, running)
        for program in programs.value.programs:
            found += look.job(program)
        kept.update(process.pid for process in running if daemon.process is not None and look.knows(process))
        unread += [each for each in (programs.problem, listed.problem, *look.problems) if each]
    known = {pid for job in found for pid in job.starts} | kept
    found += [_stale(process) for process in running if process.pid not in known and _left(tree, process)]
    return structs.replace(gathered(tuple(found), problems), note="; ".join(notes) or None)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """``autostart=false`` in the program's section, and a stop: the stop alone would be lost on a reload."""
    if job.where is None or not job.enabled:
        return ()
    return (HoldSupervisorProgram(reason=reason, program=job.id, file=job.where.file, config=job.scope),)


def restart(job: Job, reason: str) -> tuple[Step, ...]:
    """Starts the program's processes, or restarts those that run."""
    if job.where is None:
        return ()
    return (RestartSupervisorProgram(reason=reason, program=job.id, config=job.scope),)


class _ProgramSearch:
    """One daemon's programs, read for one service."""

    def __init__(
        self,
        system: System,
        service: Service,
        tree: ProcessTree,
        daemon: Daemon,
        programs: Programs,
        listed: tuple[ProgramProcess, ...],
        running: tuple[Process, ...],
    ) -> None:
        self.system, self.service, self.tree, self.daemon = system, service, tree, daemon
        self.programs, self.listed, self.running = programs, listed, running
        self.problems: list[str] = []

    def job(self, program: SupervisorProgram) -> Iterator[Job]:
        known = expansions(self.daemon, self.programs, program)
        directory = posixpath.join(self.daemon.cwd, filled(program.directory or "", known))
        words = _words(filled(program.command, known))
        search = search_argv(self.system, self.service, words, posixpath.normpath(directory))
        mine = self.programs.processes(program, self.listed)
        owned = tuple(process.pid for process in self.running if self._owns(program, mine, process))
        if not owned and any(self.tree.is_sister(state.pid) for state in mine):
            return
        if search.trail is None and not owned:
            self.problems += search.problems
            return
        alive = self.daemon.process is not None
        active = any(state.active for state in mine)
        trail = search.trail
        yield Job(
            kind="supervisord",
            id=program.name,
            scope=self.daemon.config,
            where=Place(program.file, program.command_line, f"command={program.command}"),
            command=program.command,
            trigger=_trigger(program, alive, mine),
            enabled=alive and (active or program.autostart),
            restarts_on_exit=program.restarts_on_exit,
            link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
            confidence=Confidence.CERTAIN if owned or trail is None else trail.confidence,
            guarded=True,
            starts=owned,
            wanted=program.processes,
            output=output_files(self.system, self.daemon, self.programs, program),
        )

    def knows(self, process: Process) -> bool:
        """Whether one of this daemon's programs has the name that the process got at its start."""
        return any(
            self.programs.processes(program, (_named(process, self.programs.group_of(program)),))
            for program in self.programs.programs
        )

    def _owns(self, program: SupervisorProgram, mine: tuple[ProgramProcess, ...], process: Process) -> bool:
        """By the daemon's own list, by what is below such a process, else by the environment that it gave.

        The environment alone proves nothing: whatever is started below inherits it, as long as it lives.
        """
        pids = {state.pid for state in mine}
        above = {ancestor.pid for ancestor in self.tree.ancestors(process.pid)}
        if pids & {process.pid, *above}:
            return True
        daemon = self.daemon.process
        if process.detail is None or (daemon is not None and daemon.pid not in above):
            return False
        if daemon is None and not _left(self.tree, process):
            return False
        return process.detail.variable("SUPERVISOR_GROUP_NAME") == self.programs.group_of(program) and bool(
            self.programs.processes(program, (_named(process, self.programs.group_of(program)),))
        )


def _named(process: Process, group: str) -> ProgramProcess:
    name = process.detail.variable("SUPERVISOR_PROCESS_NAME") if process.detail is not None else None
    return ProgramProcess(f"{group}:{name}", "RUNNING", process.pid)


def _left(tree: ProcessTree, process: Process) -> bool:
    """Whether a supervisord started it that does not run any more."""
    if process.detail is None or process.detail.variable("SUPERVISOR_ENABLED") is None:
        return False
    return not any(is_supervisord(ancestor) for ancestor in tree.ancestors(process.pid))


def _stale(process: Process) -> Job:
    detail = process.detail
    name = detail.variable("SUPERVISOR_PROCESS_NAME") if detail is not None else None
    socket = detail.variable("SUPERVISOR_SERVER_URL") if detail is not None else None
    return Job(
        kind="supervisord",
        id=name or "unknown",
        scope=socket or "",
        where=None,
        command=" ".join(process.argv),
        trigger="never again: the supervisord that started it does not run any more",
        enabled=False,
        restarts_on_exit=False,
        link=Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.LIKELY,
        starts=(process.pid,),
    )


def _trigger(program: SupervisorProgram, alive: bool, mine: tuple[ProgramProcess, ...]) -> str:
    when = {"always": "when it exits", "unexpected": "when it exits with an unexpected code"}
    parts = [when.get(program.restarts, ""), "when supervisord starts" if program.autostart else ""]
    if program.processes > 1:
        parts.append(f"{program.processes} processes (numprocs)")
    given_up = [state.name for state in mine if state.state == "FATAL"]
    if given_up:
        parts.append(f"supervisord has given up {', '.join(given_up)}")
    if not alive:
        parts.append("supervisord itself does not run")
    return ", ".join(part for part in parts if part) or "only when asked"


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


RESTARTER = Restarter(
    kind="supervisord",
    title="supervisord programs",
    jobs=jobs,
    hold=hold,
    restart=restart,
    last_ends=last_ends,
    counts_restarts=True,
)
