"""How supervisord's programs ended: by the state it reports, its own log, and what they wrote last."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from ghostfix.managers.exit_words import exit_in_words, signal_in_words
from ghostfix.managers.log_tail import last_lines, tail_text
from ghostfix.managers.supervisord.config import SupervisorProgram
from ghostfix.managers.supervisord.daemon import (
    Daemon,
    ProgramProcess,
    Programs,
    daemons,
    programs_of,
    states,
)
from ghostfix.managers.supervisord.daemon_log import ProcessEvent, events_of
from ghostfix.managers.supervisord.output import output_files, own_log
from ghostfix.model.job import Job, Place
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service

_LOG = 64 * 1024
"""So many bytes of the end of supervisord's own log are read."""
_WORST_FIRST = ("FATAL", "BACKOFF", "EXITED", "UNKNOWN", "STOPPED", "STARTING", "STOPPING", "RUNNING")
_TOO_QUICKLY = "Exited too quickly"
_QUOTED = Pattern(r"'(/[^']+)'")


class _Look(Struct, frozen=True, kw_only=True):
    """One daemon with all that it says."""

    system: System
    daemon: Daemon
    programs: Programs
    listed: tuple[ProgramProcess, ...]
    log: str | None
    text: str
    """The end of its own log."""


def last_ends(system: System, service: Service, jobs: tuple[Job, ...]) -> Reading[tuple[LastEnd, ...]]:
    """The last end of each program of these jobs, and of the one that the profile's manager names."""
    kind, _, named = service.manager.partition(":")
    wanted = {(job.scope, job.id) for job in jobs if job.where is not None}
    adds = kind == "supervisord" and named and named not in {job.id for job in jobs}
    if not wanted and not adds:
        return Reading(())
    found: list[LastEnd] = []
    problems: list[str] = []
    for daemon in daemons(system, ProcessTree(system.processes().value)):
        if not adds and daemon.config not in {scope for scope, _ in wanted}:
            continue
        programs = programs_of(system, daemon.config).value
        mine = [
            each
            for each in programs.programs
            if (daemon.config, each.name) in wanted or (adds and each.name == named)
        ]
        if mine:
            look = _look(system, daemon, programs, problems)
            found += [end for each in mine if (end := _end(look, each)) is not None]
    return gathered(tuple(found), problems)


def _look(system: System, daemon: Daemon, programs: Programs, problems: list[str]) -> _Look:
    listed = states(system, daemon)
    if listed.problem is not None:
        problems.append(listed.problem)
    log = own_log(daemon, programs)
    text = "" if log is None else tail_text(system, log, _LOG)
    return _Look(system=system, daemon=daemon, programs=programs, listed=listed.value, log=log, text=text)


def _end(look: _Look, program: SupervisorProgram) -> LastEnd | None:
    """The end of the process of this program that is worst off."""
    listed = look.programs.processes(program, look.listed)
    known = sorted(listed, key=lambda each: _rank(each.state))
    ends = (_end_of_process(look, program, each) for each in known)
    return next((end for end in ends if end is not None), None)


def _rank(state: str) -> int:
    return _WORST_FIRST.index(state) if state in _WORST_FIRST else len(_WORST_FIRST)


def _end_of_process(look: _Look, program: SupervisorProgram, process: ProgramProcess) -> LastEnd | None:
    events = events_of(look.text, process.name.rpartition(":")[2])
    ended = next((each for each in reversed(events) if each.verb != "spawned"), None)
    spawned = [each.at for each in events if each.verb == "spawned"]
    failed = process.state in ("FATAL", "BACKOFF")
    unstarted = failed and bool(process.description) and _TOO_QUICKLY not in process.description
    if ended is None and not failed:
        return None
    began = max((at for at in spawned if ended is None or at <= ended.at), default=None)
    files = output_files(look.system, look.daemon, look.programs, program)
    tail = last_lines(look.system, () if unstarted else files, began)
    kind, words = _told(process, ended, unstarted)
    starts = _starts(events)
    if process.state == "FATAL":
        after = f" after {starts + 1} starts" if starts and not unstarted else ""
        words += f"; supervisord gave up{after}"
    quoted = _QUOTED.search(process.description) if unstarted else None
    return LastEnd(
        kind=kind,
        manager="supervisord",
        job=program.name,
        scope=look.daemon.config,
        reported_by="supervisorctl status" if unstarted or ended is None else look.log or "supervisord's log",
        words=words,
        at=None if unstarted or ended is None else ended.at,
        status=None if unstarted or ended is None else ended.status,
        signal=None if unstarted or ended is None else ended.signal,
        culprit=None if quoted is None else quoted[1],
        place=Place(program.file, program.command_line, f"command={program.command}") if unstarted else None,
        starts=None if unstarted else starts,
        given_up=process.state == "FATAL",
        restarting=process.state in ("BACKOFF", "STARTING"),
        lines=tail.lines,
        log=tail.log,
    )


def _told(process: ProgramProcess, ended: ProcessEvent | None, unstarted: bool) -> tuple[EndKind, str]:
    """How it ended, and that in words."""
    if unstarted:
        return EndKind.NOT_STARTED, f"supervisord cannot start it: {process.description}"
    if ended is None:
        return EndKind.EXITED, "it exited too quickly, each time that supervisord started it"
    if ended.verb == "stopped":
        return EndKind.STOPPED, "supervisord was told to stop it"
    if ended.signal is not None:
        return EndKind.SIGNALLED, signal_in_words(ended.signal)
    if ended.status is not None:
        return EndKind.EXITED, exit_in_words(ended.status)
    return EndKind.EXITED, f"it ended ({ended.detail})"


def _starts(events: Sequence[ProcessEvent]) -> int | None:
    """How often it was started again since its last stop on request, as far back as the log was read."""
    spawned = list(_since_stop(events))
    return len(spawned) - 1 if spawned else None


def _since_stop(events: Sequence[ProcessEvent]) -> Iterator[ProcessEvent]:
    for event in reversed(events):
        if event.verb == "stopped":
            return
        if event.verb == "spawned":
            yield event
