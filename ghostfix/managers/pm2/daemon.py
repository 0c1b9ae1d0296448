"""pm2's daemons: which run, for which PM2_HOME, and how to ask one without starting another.

``pm2 jlist`` starts a daemon when it finds none. So one is asked only while its process is alive, its home
names no other one in ``pm2.pid``, and the socket on which it listens is there.
"""

import posixpath
from collections.abc import Iterable, Sequence

from msgspec import Struct

from ghostfix.managers.pm2.app import Pm2App, read_list
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import CommandAnswer, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading
from ghostfix.service.trust import commander

_FILES = (".json", ".yml", ".yaml", ".config.js", ".config.cjs", ".config.mjs")
_TITLE = Pattern(r"^PM2 v[^:]*: God?(?: Daemon)?(?: \((.+)\)\s*$)?")
"""What the daemon calls itself; Node cuts it off where its own command line ended, so the home may lack."""
_IN_FRONT = frozenset({"pm2-runtime", "pm2-docker"})
"""pm2 without a daemon: the process itself keeps the applications."""


class Pm2Daemon(Struct, frozen=True, kw_only=True):
    """One running pm2."""

    home: str
    process: Process
    client: tuple[str, ...]
    """The words that command it; a verb follows. Empty: see ``mute``."""
    user: str | None = None
    """As whom root runs them: whose it is."""
    mute: str | None = None
    """Why it is not commanded."""


def ambiguous(app: str) -> str | None:
    """What pm2 takes the name of an application for, where that is more than this application.

    ``all`` is all of them, and what has the ending of a configuration in it is a file (lib/API.js,
    ``isConfigFile`` of lib/Common.js).
    """
    if app == "all":
        return "every application"
    return "a file" if "/" in app or any(ending in app for ending in _FILES) else None


def daemons(system: System, processes: Iterable[Process]) -> tuple[Pm2Daemon, ...]:
    """Every pm2 among these processes whose home could be read, the oldest first."""
    found = [daemon for process in processes if (daemon := _daemon(system, process)) is not None]
    return tuple(sorted(found, key=lambda daemon: daemon.process.id.started))


def daemon_of(system: System, home: str) -> Pm2Daemon | None:
    """The pm2 that runs for a home now."""
    return next((each for each in daemons(system, system.processes().value) if each.home == home), None)


def listed(system: System, daemon: Pm2Daemon) -> Reading[tuple[Pm2App, ...]]:
    """The processes of a running pm2."""
    answer = ask_list(system, daemon)
    if isinstance(answer, str):
        return Reading((), answer, complete=False)
    apps = read_list(answer.stdout)
    if apps is None:
        return Reading((), f"pm2 of {daemon.home} gave no list: {answer.complaint}", complete=False)
    return Reading(apps)


def ask_list(system: System, daemon: Pm2Daemon) -> CommandAnswer | str:
    """The answer to ``pm2 jlist``; a text says why it was not asked."""
    if not daemon.client:
        return f"pm2 of {daemon.home} was not asked: {daemon.mute}"
    named = system.read(f"{daemon.home}/pm2.pid", 64).value.strip()
    socket = system.status(f"{daemon.home}/rpc.sock").value
    if socket is None or (named and named != str(daemon.process.pid).encode()):
        return f"pm2 of {daemon.home} was not asked: its socket is gone, and asking would start another one"
    return system.ask((*daemon.client, "jlist"), timeout=10.0, user=daemon.user)


def _daemon(system: System, process: Process) -> Pm2Daemon | None:
    title = _TITLE.match(process.argv[0]) if process.argv else None
    if not process.alive or (title is None and not _is_in_front(process)):
        return None
    detail = process.detail or system.detail(process)
    home = detail.variable("PM2_HOME") or (title.group(1) if title is not None else None)
    if home is None and detail.variable("HOME") is not None:
        home = f"{detail.variable('HOME')}/.pm2"
    if home is None:
        return None
    client = _client(system, process, home, detail.variable("PATH") or "")
    if isinstance(client, str):
        return Pm2Daemon(home=home, process=process, client=(), mute=client)
    user = commander(system, process, (home,)).value
    return Pm2Daemon(home=home, process=process, client=client, user=user)


def _is_in_front(process: Process) -> bool:
    invocation = read_argv(process.argv) if process.argv else None
    return invocation is not None and posixpath.basename(invocation.script or "") in _IN_FRONT


def _client(system: System, process: Process, home: str, path: str) -> tuple[str, ...] | str:
    """pm2 as the daemon's own user has it, or as we have it: an nvm's bin is on few PATHs. A text: why not.

    With our own rights only what is ours or root's is run, the interpreter that pm2 finds on the PATH
    included; and pm2 writes into its home.
    """
    user = commander(system, process, (home,))
    if not user.complete:
        return user.problem or "nobody may be trusted with it"
    folders = [folder for folder in path.split(":") if folder.startswith("/")]
    if user.value is None:
        folders = [folder for folder in folders if commander(system, process, (folder,)).complete]
    program = _on_path(system, folders, "pm2")
    if program is None:
        program, folders = system.program("pm2", user.value), system.search_path(user.value).split(":")
    if program is None:
        return "no pm2 program on its PATH"
    trust = commander(system, process, (program,))
    if not trust.complete:
        return trust.problem or "nobody may be trusted with it"
    return ("env", f"PM2_HOME={home}", f"PATH={':'.join(folders)}", "NO_COLOR=1", program)


def _on_path(system: System, folders: Sequence[str], name: str) -> str | None:
    places = (f"{folder}/{name}" for folder in folders)
    return next((place for place in places if system.program(place) is not None), None)
