"""circus's daemon: which circusd runs, and what it says of its watchers."""

import posixpath

import msgspec
from msgspec import Struct

from ghostfix.managers.circus.config import ENDPOINT
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading
from ghostfix.service.trust import commander

_NAMES = ("circus.ini", "circus.conf")
_DEFAULTS = ("/etc/circus/circus.ini", "/etc/circus.ini", "/etc/circus.conf")


class CircusDaemon(Struct, frozen=True, kw_only=True):
    """One running circusd, and its configuration."""

    process: Process
    config: str


class CircusControl(Struct, frozen=True, kw_only=True):
    """The circusctl by which a circusd is asked and commanded."""

    program: str
    user: str | None = None
    """The user as which root runs it; None for the caller itself."""
    distrust: str | None = None
    """Why it is not run."""


class WatcherState(Struct, frozen=True, kw_only=True):
    """A watcher as circusd has it: ``active``, ``stopped``, ``starting`` or ``stopping``."""

    name: str
    status: str


class _Statuses(Struct):
    status: str = ""
    reason: str = ""
    statuses: dict[str, str] = {}


def is_circusd(process: Process) -> bool:
    """Whether a process is a circusd; with setproctitle it calls itself just that."""
    invocation = read_argv(process.argv)
    if invocation is None or not process.alive:
        return False
    given = invocation.script or invocation.module or invocation.program
    return posixpath.basename(given) in ("circusd", "circus.circusd")


def circusd(system: System, process: Process) -> CircusDaemon | None:
    """The daemon that a process is; None for any other process, and for one without a configuration.

    Where the command line does not name it any more, it is the one in the working directory, or in /etc.
    """
    if not is_circusd(process):
        return None
    cwd = (process.detail or system.detail(process)).cwd or "/"
    given = next((word for word in process.argv[1:] if word.endswith((".ini", ".conf", ".cfg"))), None)
    if given is not None:
        return CircusDaemon(process=process, config=posixpath.normpath(posixpath.join(cwd, given)))
    places = (*(f"{cwd}/{name}" for name in _NAMES), *_DEFAULTS)
    config = next((path for path in places if system.status(path).value is not None), None)
    return None if config is None else CircusDaemon(process=process, config=config)


def control_of(system: System, process: Process) -> CircusControl | None:
    """circusctl: beside the circusd that runs (it may live in a venv), on its PATH, or on ours."""
    invocation = read_argv(process.argv)
    script = None if invocation is None else invocation.script or invocation.program
    path = (process.detail or system.detail(process)).variable("PATH") or ""
    folders = [posixpath.dirname(script or ""), *path.split(":")]
    places = (f"{folder}/circusctl" for folder in folders if folder.startswith("/"))
    beside = next((place for place in places if system.program(place) is not None), None)
    program = beside or system.program("circusctl")
    if program is None:
        return None
    trust = commander(system, process, (program,))
    return CircusControl(program=program, user=trust.value, distrust=trust.problem)


def states(
    system: System, control: CircusControl | None, endpoint: str | None
) -> Reading[tuple[WatcherState, ...]]:
    """The state of every watcher."""
    where = endpoint or ENDPOINT
    if control is None:
        return Reading((), "circusd runs, and there is no circusctl to ask it with", complete=False)
    if control.distrust is not None:
        return Reading((), f"circusd at {where} was not asked: {control.distrust}", complete=False)
    words = (control.program, "--json", "--timeout", "4", "--endpoint", where, "status")
    answer = system.ask(words, timeout=6.0, user=control.user)
    try:
        facts = msgspec.json.decode(answer.stdout.strip() or b"{}", type=_Statuses)
    except msgspec.DecodeError:
        facts = _Statuses(reason="its answer was no JSON")
    if answer.status != 0 or facts.status != "ok":
        why = facts.reason or answer.complaint
        return Reading((), f"circusd at {where} did not answer: {why}", complete=False)
    return Reading(tuple(WatcherState(name=name, status=status) for name, status in facts.statuses.items()))


class _Pids(Struct):
    pids: list[int] = []


def pids(system: System, control: CircusControl, endpoint: str | None, watcher: str) -> tuple[int, ...]:
    """The processes of one watcher; ``states`` has been asked before."""
    where = endpoint or ENDPOINT
    words = (control.program, "--json", "--timeout", "4", "--endpoint", where, "list", watcher)
    answer = system.ask(words, timeout=6.0, user=control.user)
    try:
        return tuple(msgspec.json.decode(answer.stdout.strip() or b"{}", type=_Pids).pids)
    except msgspec.DecodeError:
        return ()
