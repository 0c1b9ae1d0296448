"""Instance lock: which PID file is a service's lock, who runs, and with what a start is made.

The kernel's lock on the PID file decides. Two things could get past it, and are checked when the lock is
found free: a program that opened and closed its own PID file has lost its lock, but is still named there;
and an instance that was started in another way never had it.
"""

import fnmatch
import posixpath
import sys

from msgspec import Struct

from ghostfix.model.errors import ProfileError
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Process
from ghostfix.model.run_lock import MARK, Former, is_own
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.model.service import Service
from ghostfix.model.text_units import lasting, utc_text
from ghostfix.repair.state_folder import usual_state_folder
from ghostfix.scripts.ghostfix_run_command import read_own_run
from ghostfix.service.pid_file import parse_pid
from ghostfix.service.profile import BUILT_IN, NoSuchServiceError, load, only_one
from ghostfix.service.running_instances import running_instances

AD_HOC = "none"
"""Stands for the profile of a command that has none."""
_WILD = frozenset("*?[")
_PATIENCE = 2.0
"""Seconds that an instance without the lock has to end: one whose supervisor was killed does so at once."""
_POLL_EVERY = 0.1
_STANDBY_POLL_EVERY = 0.5


class RunningInstance(Struct, frozen=True, kw_only=True):
    """Who runs already."""

    process: Process | None
    """None when the process that holds the lock cannot be seen."""
    locked: bool

    def sentence(self, service: Service, now: float) -> str:
        """``web runs already: pid 4711 of alice since 2026-11-25 17:20:03 UTC (2 min): python -m shop``."""
        name = safe(service.name, 80)
        if self.process is None:
            return f"{name} runs already, but whoever holds its lock cannot be seen from here"
        since = utc(self.process.id.started)
        age = lasting(max(0.0, now - self.process.id.started))
        without = "" if self.locked else ", without the lock"
        return (
            f"{name} runs already{without}: pid {self.process.pid} of {safe(self.process.user, 40)} "
            f"since {since} ({age}): {shown_argv(self.process.argv, 120)}"
        )


def utc(moment: float) -> str:

    return utc_text(moment)


def wanted_service(system: System, name: str | None, config: str | None, command: tuple[str, ...]) -> Service:
    """The service to start; raises ProfileError when the command line leaves that open.

    With a command, a name that no profile has is allowed: the command is then started as it was given, in the
    current folder, and the name alone distinguishes one from another. That holds for no name of a profile
    that cannot be read or must not be used: the service would get a second lock, and root would start it as
    root.
    """
    try:
        services = load(system, name, config)
    except NoSuchServiceError as error:
        if not command or config is not None or name is None:
            raise
        if error.hint.startswith("did you mean"):  # in doubt it was a slip, and another lock than meant
            sys.stderr.write(f"ghostfix: {error.message}: {error.hint} The command is started by itself.\n")
        return _ad_hoc(system, name, command)
    if name is None and services[0].profile.startswith(BUILT_IN):
        if command:
            return _ad_hoc(system, called_by(command), command)
        raise ProfileError(
            f"there is no ghostfix.toml in {safe(system.caller().cwd)} or above it: what should be started?",
            "`ghostfix run NAME -- COMMAND ...` starts any command, once; `ghostfix init` writes a profile",
        )
    service = only_one(services, "run")
    if service.instances != 1:
        raise ProfileError(
            f"the profile wants {service.instances} instances of {safe(service.name)}; `run` guarantees one",
            "give each instance a table of its own in the profile, with its own PID file",
        )
    if not (command or service.start_command):
        raise ProfileError(
            f"the profile of {safe(service.name)} does not say how it is started",
            'add `start = ["{python}", "-m", "..."]`, or type `ghostfix run NAME -- COMMAND ...`',
        )
    return service


def called_by(command: tuple[str, ...]) -> str:
    """What a command without a NAME is called: what an interpreter runs, not the interpreter."""
    invocation = read_argv(command)
    if invocation is None:
        return posixpath.basename(command[0])
    return invocation.module or posixpath.basename(invocation.script or invocation.program)


def _ad_hoc(system: System, name: str, command: tuple[str, ...]) -> Service:
    if "/" in name or name in ("", ".", ".."):
        raise ProfileError(f"`{safe(name)}` cannot be a name", "`ghostfix run NAME -- COMMAND ...`")
    return Service(name=name, profile=AD_HOC, directory=system.caller().cwd, start=command)


def pid_file(system: System, service: Service) -> str:
    """The file that is the lock: the profile's first PID file, or one of the service's name.

    For a pattern it is that name in the pattern's folder; without a PID file in the profile, in the service's
    folder, where every start of it finds the same file. A command without a profile has its lock in the
    user's home folder (``/run/ghostfix`` for root), whatever the environment says: cron has no
    ``XDG_RUNTIME_DIR``, and a terminal and cron that search two places start it twice.
    """
    if service.profile == AD_HOC:
        return posixpath.join(_runtime_folder(system), f"{service.name}.pid")
    plain = [path for path in service.pidfiles if not _WILD.intersection(path)]
    if plain:
        return service.path(plain[0])
    for pattern in service.pidfiles:
        folder, last = posixpath.split(pattern)
        if not _WILD.intersection(folder):
            name = f"{service.name}.pid"
            fitting = (
                name if fnmatch.fnmatchcase(name, last) else last.translate(_without_marks(service.name))
            )
            return service.path(posixpath.join(folder, fitting))
    return service.path(f"{service.name}.pid")


def _without_marks(name: str) -> dict[int, str]:
    return str.maketrans({"*": name, "?": "x", "[": "", "]": ""})


def _runtime_folder(system: System) -> str:
    caller = system.caller()
    if caller.uid == 0:
        return "/run/ghostfix" if system.status("/run").value is not None else "/var/run/ghostfix"
    return posixpath.join(usual_state_folder(system), "run")


def private_folder(system: System, path: str) -> str | None:
    """Ghostfix's own folder, where this PID file lies in it; None for any other place."""
    folder = usual_state_folder(system)
    return folder if path.startswith(f"{folder}/") else None


def without_lock(system: System, service: Service, path: str, before: Former) -> RunningInstance | None:
    """Who runs although the lock was free; gives what is ending just now a moment to be gone.

    ``before`` is what the PID file was.
    """
    deadline = system.monotonic() + _PATIENCE
    while True:
        found = _named(system, path, before) or _matching_process(system, service)
        if found is None or system.monotonic() >= deadline:
            return None if found is None else RunningInstance(process=found, locked=False)
        system.wait(_POLL_EVERY)


def until_gone(system: System, running: RunningInstance) -> None:
    """Waits for the running instance to end. That may take days, so no other process is read."""
    identity = None if running.process is None else running.process.id
    while identity is not None:
        now = system.process(identity.pid)
        if now is None or not now.alive or now.id != identity:
            return
        system.wait(_STANDBY_POLL_EVERY)


def _named(system: System, path: str, before: Former) -> Process | None:
    """The process that the PID file named, if ``ghostfix run`` started it with that very file.

    Its environment says so, unless it has written over that, as programs do that set their title. Then the
    file does: the process that wrote it had this PID, so a process that has it since before then is the same.
    """
    pid = parse_pid(before.content)
    if pid is None or pid == system.caller().pid:
        return None
    process = system.process(pid)
    if process is None or not process.alive:
        return None
    if system.detail(process).variable(MARK) == f"{pid}:{path}":
        return process
    return process if is_own(before.content) and _wrote(process, before) else None


def _wrote(process: Process, file: Former) -> bool:
    if file.birth is not None and process.birth is not None:
        return file.birth == process.birth
    return process.id.started <= file.written


def left_running(system: System, service: Service) -> RunningInstance | None:
    """An instance that runs beside the command that has just ended, without the lock."""
    other = _matching_process(system, service)
    return None if other is None else RunningInstance(process=other, locked=False)


def _matching_process(system: System, service: Service) -> Process | None:
    if service.profile == AD_HOC:
        return None
    running = running_instances(system, service)
    return running[0] if running else None


def lock_holder(system: System, path: str, pid: int | None, content: bytes) -> RunningInstance:
    """Which process holds the lock: the one that the kernel names, else the one that the file does.

    A lock that children share belongs to no single process, so the kernel names none; and the one that
    the file names may have ended before them, and another process have that PID.
    """
    named = pid if pid is not None else parse_pid(content)
    process = None if named is None else system.process(named)
    if process is None or not process.alive or (pid is None and not _may_hold(system, path, process)):
        return RunningInstance(process=None, locked=True)
    return RunningInstance(process=process, locked=True)


def _may_hold(system: System, path: str, process: Process) -> bool:
    """Whether it is what ``ghostfix run`` started with this file, or that itself; or does not let us see."""
    detail = system.detail(process)
    started = detail.environment is None or detail.variable(MARK) == f"{process.pid}:{path}"
    return started or read_own_run(read_argv(process.argv)) is not None
