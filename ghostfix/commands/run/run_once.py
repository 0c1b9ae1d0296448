"""Run once: takes the lock and becomes the command, or says who runs already."""

import sys
from contextlib import suppress

from msgspec import Struct, structs

from ghostfix.commands.run.instance_lock import (
    AD_HOC,
    RunningInstance,
    left_running,
    lock_holder,
    pid_file,
    private_folder,
    until_gone,
    wanted_service,
    without_lock,
)
from ghostfix.model.errors import ExitCode, GhostfixError, ProfileError, StepError
from ghostfix.model.machine import System
from ghostfix.model.run_lock import Held, Launcher, LockedStart, Taken
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service
from ghostfix.model.supervision import Ending, Policy, supervise
from ghostfix.service.trust import runner


class RunOptions(Struct, frozen=True, kw_only=True):
    """What the user asked for."""

    name: str | None = None
    config: str | None = None
    command: tuple[str, ...] = ()
    """Typed behind ``--``; empty: the profile's ``start``."""
    if_running: str = "ok"
    """``ok``, ``fail`` or ``wait``."""
    policy: Policy | None = None
    """When to start it again; None: become it."""
    share_lock: bool = False
    quiet: bool = False


class RunsAlreadyError(GhostfixError):
    """It runs already, and ``--if-running=fail`` was asked for."""

    exit_code = ExitCode.RUNNING


def start_once(system: System, launcher: Launcher, options: RunOptions) -> str:
    """Becomes the command and does not return; or gives the sentence that says who runs already."""
    service = wanted_service(system, options.name, options.config, options.command)
    start = _prepared(system, launcher, service, options.command)
    if options.if_running == "wait" and not options.quiet:
        _say_for_whom(system, launcher, service, start.pid_file)
    running = _unless_running(system, launcher, service, start, options)
    sentence = running.sentence(service, system.now())
    if options.if_running == "fail":
        raise RunsAlreadyError(sentence, "`ghostfix why PID` says what started it, and what keeps it alive")
    return "" if options.quiet else f"{sentence}\n"


def _unless_running(
    system: System, launcher: Launcher, service: Service, start: LockedStart, options: RunOptions
) -> RunningInstance:
    wait = options.if_running == "wait"
    private = private_folder(system, start.pid_file)
    try:
        if private is not None:
            launcher.make_private_folder(private)
        lock = launcher.acquire(start.pid_file, start.user, shared=options.share_lock, wait=wait)
    except StepError as error:
        raise ProfileError(
            f"{safe(service.name, 80)} is not started: its PID file cannot be its lock: {safe(str(error))}",
            'name one that can in the profile: `pidfiles = ["run/NAME.pid"]`',
        ) from error
    if isinstance(lock, Taken):
        return lock_holder(system, start.pid_file, lock.pid, lock.content)
    leave = lock.release
    try:
        other = without_lock(system, service, start.pid_file, lock.before)
        if wait and other is not None and not options.quiet:
            _say(f"{other.sentence(service, system.now())}; waiting for it to end")
        while wait and other is not None:
            until_gone(system, other)
            other = without_lock(system, service, start.pid_file, lock.before)
        if other is not None:
            leave = lock.give_back
            return other
        ending = _started(system, launcher, service, start, lock, options.policy)
    finally:
        leave()
    return launcher.end_as(ending)


def _started(
    system: System,
    launcher: Launcher,
    service: Service,
    start: LockedStart,
    lock: Held,
    policy: Policy | None,
) -> Ending:
    """How it ended, where ghostfix stays above it; else it does not return."""
    name = safe(service.name, 80)

    def others() -> str | None:
        left = left_running(system, service)
        return None if left is None else left.sentence(service, system.now()).removeprefix(f"{name} ")

    try:
        if policy is None:
            launcher.become(start, lock)
        child = launcher.child_process(start, lock)
        return supervise(child, policy, others, lambda text: _say(f"{name}: {text}"))
    except StepError as error:
        raise GhostfixError(f"{name} cannot be started: {safe(str(error))}") from error


def _prepared(system: System, launcher: Launcher, service: Service, command: tuple[str, ...]) -> LockedStart:
    """Everything that a start needs; raises ProfileError when something is missing."""
    typed = structs.replace(service, start=command) if command else service
    argv = typed.start_command
    user = _user(system, service, argv[0])
    variables = _variables(service, launcher.environment(user))
    if launcher.program(argv[0], service.directory, variables.get("PATH", "")) is None:
        own = argv[0] == service.python
        raise ProfileError(
            f"{safe(argv[0])}, which starts {safe(service.name, 80)}, is not there or is no program",
            f"`ghostfix repair {safe(service.name, 80)}` makes the virtual environment"
            if own
            else f"it was looked for in {safe(service.directory)} and on the PATH",
        )
    return LockedStart(
        argv=argv,
        directory=service.directory,
        variables=variables,
        user=user,
        pid_file=pid_file(system, service),
        grace=service.stop.grace,
    )


def _user(system: System, service: Service, program: str) -> str | None:
    """As whom root starts it: the owner of its folder. What was typed without a profile, root does itself."""
    if service.profile == AD_HOC:
        return None
    paths = (service.directory, service.path(program)) if "/" in program else (service.directory,)
    reading = runner(system, paths)
    if not reading.complete:
        raise ProfileError(
            f"{safe(service.name, 80)} is not started: {safe(reading.problem or 'whose it is is unknown')}",
            "run ghostfix as the user of the service: `sudo -u USER ghostfix run ...`",
        )
    return reading.value


def _variables(service: Service, own: dict[str, str]) -> dict[str, str]:
    """The environment of what is started, with the profile's venv in front."""
    if service.environment.venv is None:
        return own
    venv = service.path(service.environment.venv)
    path = own.get("PATH", "")
    return {**own, "VIRTUAL_ENV": venv, "PATH": f"{venv}/bin:{path}" if path else f"{venv}/bin"}


def _say_for_whom(system: System, launcher: Launcher, service: Service, path: str) -> None:
    taken = launcher.holder(path)
    if taken is not None and taken.pid is not None:
        running = lock_holder(system, path, taken.pid, taken.content)
        _say(f"{running.sentence(service, system.now())}; waiting for it to end")


def _say(text: str) -> None:
    """Says it where it can be said: no service stays down because the log is full or its reader has gone."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"ghostfix: {text}\n")
        sys.stderr.flush()
