"""supervisord: the programs of its configuration, and the processes that it has now."""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

from msgspec import Struct

from ghostfix.instance import roots
from ghostfix.invocation import read_argv
from ghostfix.job import Job, Link, LinkKind, Place
from ghostfix.machine import System
from ghostfix.process import Process, ProcessTree
from ghostfix.reading import Confidence, Reading
from ghostfix.restarter import Restarter
from ghostfix.service import Service
from ghostfix.step import Step
from ghostfix.steps.hold_supervisor_program import HoldSupervisorProgram
from ghostfix.supervisor_config import Program, read_config
from ghostfix.trail import follow_argv

_LIMIT = 1 << 20
_DEFAULTS = ("/etc/supervisor/supervisord.conf", "/etc/supervisord.conf")
_STATUS = re.compile(r"^(\S+)\s+([A-Z]+)\s+(?:pid (\d+),)?")
_HERE = re.compile(r"%\(here\)s")


class Daemon(Struct, frozen=True, kw_only=True):
    """One supervisord: its configuration, and its process when it runs."""

    config: str
    process: Process | None = None


class ProgramProcess(Struct, frozen=True):
    """One process of a program, as ``supervisorctl status`` lists it."""

    name: str
    """``group:name``, or just the name."""
    state: str
    pid: int | None


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The programs that run the service, of every supervisord that runs or has a configuration in /etc."""
    caller = system.caller()
    running = roots(tree, (caller.pid, *caller.ancestors), service)
    found: list[Job] = []
    problems: list[str] = []
    for daemon in _daemons(system, tree):
        states: tuple[ProgramProcess, ...] = ()
        if daemon.process is not None:
            answer = system.ask(("supervisorctl", "-c", daemon.config, "status"), timeout=5.0)
            states = read_status(answer.text)
            # 3 is "something is not running" (supervisorctl(1)); anything above is "could not be asked".
            if answer.status not in (0, 3):
                problems.append(f"supervisord with {daemon.config} did not answer: {answer.complaint}")
        for program in _programs(system, daemon.config, problems):
            found += _jobs_of(system, service, daemon, program, states, running)
    return Reading(tuple(found), "; ".join(problems) or None, not problems)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """``autostart=false`` in the program's section: a mere stop would be lost on a reload."""
    if job.where is None:
        return ()
    return (HoldSupervisorProgram(reason=reason, program=job.id, file=job.where.file, config=job.scope),)


def read_status(text: str) -> tuple[ProgramProcess, ...]:
    """The rows of ``supervisorctl status``; a line that is none is left out."""
    rows = (_STATUS.match(line) for line in text.splitlines())
    return tuple(
        ProgramProcess(row.group(1), row.group(2), int(row.group(3)) if row.group(3) else None)
        for row in rows
        if row is not None
    )


def _daemons(system: System, tree: ProcessTree) -> Iterator[Daemon]:
    seen: set[str] = set()
    for process in tree.by_pid.values():
        config = _config_of(system, process)
        if config is not None and config not in seen:
            seen.add(config)
            yield Daemon(config=config, process=process)
    for config in _DEFAULTS:
        if config not in seen and system.status(config).value is not None:
            yield Daemon(config=config)


def _config_of(system: System, process: Process) -> str | None:
    """The configuration of a process that is a supervisord; None for any other."""
    invocation = read_argv(process.argv)
    if invocation is None or not process.alive:
        return None
    given = invocation.script or invocation.module or invocation.program
    if posixpath.basename(given) not in ("supervisord", "supervisor.supervisord"):
        return None
    words = invocation.arguments
    cwd = system.detail(process).cwd or "/"
    for index, word in enumerate(words):
        if word in ("-c", "--configuration") and index + 1 < len(words):
            return posixpath.join(cwd, words[index + 1])
        if word.startswith("--configuration="):
            return posixpath.join(cwd, word.partition("=")[2])
    places = (*(f"{cwd}/{name}" for name in ("supervisord.conf", "etc/supervisord.conf")), *_DEFAULTS)
    return next((path for path in places if system.status(path).value is not None), None)


def _programs(system: System, config: str, problems: list[str]) -> Iterator[Program]:
    """The programs of a configuration and of the files that it includes (an include does not include)."""
    reading = system.read(config, _LIMIT)
    if not reading.complete:
        problems.append(f"{config} could not be read: {reading.problem}")
    facts = read_config(reading.value.decode(errors="backslashreplace"), config)
    yield from facts.programs
    folder = posixpath.dirname(config)
    for pattern in facts.includes:
        for path in system.paths(posixpath.join(folder, _HERE.sub(folder, pattern))):
            included = system.read(path, _LIMIT)
            yield from read_config(included.value.decode(errors="backslashreplace"), path).programs


def _jobs_of(
    system: System,
    service: Service,
    daemon: Daemon,
    program: Program,
    states: Iterable[ProgramProcess],
    running: Iterable[Process],
) -> Iterator[Job]:
    folder = posixpath.dirname(daemon.config)
    directory = _HERE.sub(folder, program.directory or "/")
    words = _words(_HERE.sub(folder, program.command))
    trail = follow_argv(system, service, words, directory)
    mine = [state for state in states if program.name in (state.name, state.name.partition(":")[0])]
    pids = {state.pid for state in mine}
    owned = tuple(process.pid for process in running if process.pid in pids)
    if trail is None and not owned:
        return
    alive = daemon.process is not None
    active = any(state.state in ("RUNNING", "STARTING", "BACKOFF") for state in mine)
    yield Job(
        kind="supervisord",
        id=program.name,
        scope=daemon.config,
        where=Place(program.file, program.command_line, f"command={program.command}"),
        command=program.command,
        trigger=_trigger(program, alive),
        enabled=alive and (active or program.autostart),
        restarts_on_exit=program.restarts_on_exit,
        link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN if trail is None else trail.confidence,
        guarded=True,
        starts=owned,
    )


def _trigger(program: Program, alive: bool) -> str:
    when = {"always": "when it exits", "unexpected": "when it exits with an unexpected code"}
    parts = [when.get(program.restarts, ""), "when supervisord starts" if program.autostart else ""]
    if program.processes > 1:
        parts.append(f"{program.processes} processes (numprocs)")
    if not alive:
        parts.append("supervisord itself does not run")
    return ", ".join(part for part in parts if part) or "only when asked"


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return tuple(command.split())


RESTARTER = Restarter(kind="supervisord", title="supervisord programs", jobs=jobs, hold=hold)
