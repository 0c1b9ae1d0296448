"""supervisord's daemons: each with its configuration, its programs, and what its supervisorctl answers."""

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct, structs

from ghostfix.managers.supervisord.config import DaemonSettings, Group, SupervisorProgram, read_config
from ghostfix.model.errors import StepError
from ghostfix.model.invocation import Invocation, read_argv
from ghostfix.model.machine import ActingSystem, CommandAnswer, System, has_ended
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process, ProcessTree, Variable
from ghostfix.model.reading import Reading, gathered
from ghostfix.service.trust import commander

EVERY = "all"
"""What supervisorctl takes for every program where a name stands, though one may be called so."""
_LIMIT = 1 << 20
_DEFAULTS = ("/etc/supervisor/supervisord.conf", "/etc/supervisord.conf")
_STATUS = Pattern(r"^(\S+)\s+([A-Z]+)(?:\s+pid (\d+),)?(?:\s+(.*)|$)")
_SHORT = Pattern(r"-[nst]*c")
_NEUTRAL = "/"
"""Where supervisorctl is run: Python looks for the modules of ``-m`` in the working directory first."""
_ANSWERS = (0, 3)
"""supervisorctl's exit status when it could ask; 3 says that something does not run."""


class Daemon(Struct, frozen=True, kw_only=True):
    """One supervisord: its configuration, and its process when it runs."""

    config: str
    """Its path; empty where the command line names none and none is at the usual places."""
    process: Process | None = None
    control: tuple[str, ...] = ()
    """The words that run its own supervisorctl; empty when there is none, or none to be trusted."""
    cwd: str = "/"
    variables: tuple[Variable, ...] = ()
    """Its process's environment, as far as it may be read."""
    user: str | None = None
    """As whom root runs that; None for the caller's own self."""
    distrust: str | None = None
    """Why its supervisorctl is not run."""


class ProgramProcess(Struct, frozen=True):
    """One process of a program, as ``supervisorctl status`` lists it."""

    name: str
    """``group:process``, or just the name where both are the same."""
    state: str
    pid: int | None
    description: str = ""
    """supervisord's own words behind the state: why it could not be started, or since when it runs."""

    @property
    def active(self) -> bool:
        return self.state in ("RUNNING", "STARTING", "BACKOFF")


class Programs(Struct, frozen=True):
    """All programs of a configuration and its includes."""

    programs: tuple[SupervisorProgram, ...]
    groups: tuple[Group, ...]
    settings: DaemonSettings = DaemonSettings()

    def group_of(self, program: SupervisorProgram) -> str:
        """The name of the group in which a program's processes are."""
        return next((group.name for group in self.groups if program.name in group.programs), program.name)

    def processes(
        self, program: SupervisorProgram, states: tuple[ProgramProcess, ...]
    ) -> tuple[ProgramProcess, ...]:
        """Those of the listed processes that are this program's."""
        template = re.escape(program.process_name.replace("%(program_name)s", program.name))
        pattern = re.compile(re.sub(r"%\\\((process_num|numprocs)\\\)\d*d", r"\\d+", template))
        group = self.group_of(program)
        found = []
        for state in states:
            of_group, _, name = state.name.rpartition(":")
            if (of_group or name) == group and pattern.fullmatch(name):
                found.append(state)
        return tuple(found)


def daemons(system: System, tree: ProcessTree) -> Iterator[Daemon]:
    """Every supervisord that runs, and every one that has a configuration at the usual place and does not."""
    seen: set[str] = set()
    for process in tree.by_pid.values():
        invocation = _supervisord(process)
        if invocation is None:
            continue
        detail = system.detail(process)
        cwd = detail.cwd or "/"
        config = _config(system, invocation, cwd) or ""
        if config not in seen:
            seen.add(config)
            daemon = _running(system, process, config, cwd, _control(system, invocation, cwd))
            yield structs.replace(daemon, variables=detail.environment or ())
    for config in _DEFAULTS:
        if config not in seen and system.status(config).value is not None:
            yield Daemon(config=config)


def daemon_with(system: System, config: str) -> Daemon:
    """The daemon of a configuration, as it is now."""
    tree = ProcessTree(system.processes().value)
    return next((each for each in daemons(system, tree) if each.config == config), Daemon(config=config))


def is_supervisord(process: Process) -> bool:
    """Whether a live process is a supervisord."""
    return _supervisord(process) is not None


def states(system: System, daemon: Daemon) -> Reading[tuple[ProgramProcess, ...]]:
    """What the daemon says of its processes; none, and complete, when it does not run."""
    if daemon.process is None:
        return Reading(())
    if not daemon.control:
        why = daemon.distrust or "there is no supervisorctl"
        return Reading((), f"the supervisord with {daemon.config} was not asked: {why}", False)
    words = (*daemon.control, "-c", daemon.config, "status")
    answer = system.ask(words, timeout=10.0, cwd=_NEUTRAL, user=daemon.user)
    rows = read_status(answer.text)
    if answer.status not in _ANSWERS or (not rows and answer.text.strip()):
        problem = f"the supervisord with {daemon.config} did not answer: {complaint(answer)}"
        ending = "SHUTDOWN_STATE" in problem or has_ended(system, daemon.process)
        return Reading(rows, problem, complete=ending)  # one that shuts down starts nothing any more
    return Reading(rows)


def command(system: ActingSystem, daemon: Daemon, *words: str, timeout: float) -> CommandAnswer:
    """Gives an order to a daemon that was asked for its states before; never one to all its programs."""
    if EVERY in words:
        raise StepError(f"supervisorctl takes `{EVERY}` for every program: it was not told to {words[0]} it")
    if not daemon.control:
        raise StepError(
            f"the supervisord with {daemon.config} cannot be told: {daemon.distrust or 'it is gone'}"
        )
    argv = (*daemon.control, "-c", daemon.config, *words)
    return system.command(argv, timeout=timeout, cwd=_NEUTRAL, user=daemon.user)


def complaint(answer: CommandAnswer) -> str:
    """Why supervisorctl did not do it, which it says on standard output."""
    lines = answer.text.strip().splitlines()
    return lines[-1] if lines and answer.problem is None else answer.complaint


def read_status(text: str) -> tuple[ProgramProcess, ...]:
    """The rows of ``supervisorctl status``; a line that is none is left out."""
    rows = (_STATUS.match(line) for line in text.splitlines())
    return tuple(
        ProgramProcess(
            row.group(1), row.group(2), int(row.group(3)) if row.group(3) else None, row.group(4) or ""
        )
        for row in rows
        if row is not None
    )


def programs_of(system: System, config: str) -> Reading[Programs]:
    """The programs of a configuration and of the files that it includes (an include does not include)."""
    reading = system.read(config, _LIMIT)
    problems = [] if reading.complete else [reading.problem or f"{config} could not be read"]
    facts = read_config(reading.value.decode(errors="backslashreplace"), config)
    programs, groups = [*facts.programs], [*facts.groups]
    folder = posixpath.dirname(config)
    for pattern in facts.includes:
        for path in system.paths(posixpath.join(folder, pattern.replace("%(here)s", folder))):
            included = system.read(path, _LIMIT)
            if not included.complete:
                problems.append(included.problem or f"{path} could not be read")
            more = read_config(included.value.decode(errors="backslashreplace"), path)
            programs += more.programs
            groups += more.groups
    return gathered(Programs(tuple(programs), tuple(groups), facts.settings), problems)


def _supervisord(process: Process) -> Invocation | None:
    """What was called, when this is a live supervisord."""
    invocation = read_argv(process.argv) if process.alive else None
    if invocation is None:
        return None
    given = invocation.module or posixpath.basename(invocation.script or invocation.program)
    return invocation if given in ("supervisord", "supervisor.supervisord") else None


def _config(system: System, invocation: Invocation, cwd: str) -> str | None:
    """What ``-c`` names, else the first that exists of the places where supervisord itself looks."""
    words = invocation.arguments
    for index, word in enumerate(words):
        if (_SHORT.fullmatch(word) or word == "--configuration") and index + 1 < len(words):
            return posixpath.normpath(posixpath.join(cwd, words[index + 1]))
        if word.startswith("--configuration="):
            return posixpath.normpath(posixpath.join(cwd, word.partition("=")[2]))
        if word.startswith("-c") and not word.startswith("--"):
            return posixpath.normpath(posixpath.join(cwd, word[2:]))
    program = posixpath.dirname(posixpath.join(cwd, invocation.script or invocation.program))
    near = (f"{program}/../etc/supervisord.conf", f"{program}/../supervisord.conf")
    here = (f"{cwd}/supervisord.conf", f"{cwd}/etc/supervisord.conf")
    places = (*near, *here, "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
    return next((posixpath.normpath(path) for path in places if system.status(path).value is not None), None)


def _running(system: System, process: Process, config: str, cwd: str, control: tuple[str, ...]) -> Daemon:
    """A daemon that runs. Its configuration counts as a program: supervisorctl loads modules named in it."""
    trust = commander(system, process, (control[0], config) if control else ())
    return Daemon(
        config=config,
        process=process,
        control=control if trust.complete else (),
        cwd=cwd,
        user=trust.value,
        distrust=trust.problem,
    )


def _control(system: System, invocation: Invocation, cwd: str) -> tuple[str, ...]:
    """The supervisorctl that was installed with this supervisord, else the one on the PATH."""
    if invocation.module is not None:
        named = invocation.program
        program = posixpath.join(cwd, named) if "/" in named else system.program(named)
        return () if program is None else (program, "-m", "supervisor.supervisorctl")
    program = posixpath.join(cwd, invocation.script or invocation.program)
    beside = posixpath.join(posixpath.dirname(program), "supervisorctl")
    if system.status(beside).value is not None:
        return (beside,)
    found = system.program("supervisorctl")
    return () if found is None else (found,)
