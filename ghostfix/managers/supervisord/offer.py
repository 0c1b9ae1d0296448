"""supervisord: a program in a file of its own, in a folder that the running daemon includes.

The file is read by Python's ConfigParser with inline comments (a blank and ``;`` or ``#``), and ``%`` begins
an expansion: http://supervisord.org/configuration.html.
"""

import fnmatch
import posixpath
import shlex

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_file import JobFile
from ghostfix.managers.job_spec import STARTS, JobWanted
from ghostfix.managers.supervisord.adopt_program import AdoptSupervisorProgram
from ghostfix.managers.supervisord.config import read_config
from ghostfix.managers.supervisord.daemon import EVERY, Daemon, daemons
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import ProcessTree

_LIMIT = 1 << 20
_UP_AFTER = 10
"""Seconds that it has to live to count as started; failures before that are retried with a growing pause."""
_COMMENT = Pattern(r"\s[;#]")
_OTHER = "add `[include]` with `files = conf.d/*.conf` to it, make that folder, and `supervisorctl reread`"


def offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    running = [
        one for one in daemons(system, ProcessTree(system.processes().value)) if one.process is not None
    ]
    if not running:
        return Unavailable(
            "no supervisord runs", "`pip install supervisor` or your packages have it; start it first"
        )
    if wanted.name == EVERY:
        return Unavailable(
            f"supervisorctl takes `{EVERY}` for every program", "give the service another name"
        )
    caller = system.caller()
    # What another user's daemon reads is written by that user, and what it runs, it runs as that user.
    ours = [one for one in running if one.process is not None and one.process.uid == caller.uid]
    if not ours:
        return Unavailable(f"no supervisord of {caller.user} runs", "run ghostfix as the user whose one runs")
    ours = [one for one in ours if one.control] or ours
    places = [(one, path) for one in ours if (path := _place(system, one, wanted.name)) is not None]
    if not places:
        return Unavailable(f"{ours[0].config} includes no folder for programs", _OTHER)
    daemon, path = places[0]
    text = section(wanted, as_root=caller.uid == 0)
    if text is None:
        return Unavailable(
            f"supervisord would read a part of {wanted.name}'s command or paths as a comment or a quote"
        )
    file = JobFile(path=path, content=text.encode())
    step = AdoptSupervisorProgram(reason="adopt", file=file, program=wanted.name, config=daemon.config)
    manager = f"supervisord:{wanted.name}"
    return Offer(manager=manager, step=step, scope=daemon.config, after=file.content, place=path)


def _place(system: System, daemon: Daemon, name: str) -> str | None:
    """The file that the daemon would read for this program: in the first included folder that is there."""
    content = system.read(daemon.config, _LIMIT).value.decode(errors="backslashreplace")
    above = posixpath.dirname(daemon.config)
    for pattern in read_config(content, daemon.config).includes:
        whole = posixpath.normpath(posixpath.join(above, pattern.replace("%(here)s", above)))
        folder, names = posixpath.split(whole)
        if any(mark in folder for mark in "*?[") or system.status(folder).value is None:
            continue
        for suffix in (".conf", ".ini"):
            if fnmatch.fnmatchcase(f"{name}{suffix}", names):
                return f"{folder}/{name}{suffix}"
    return None


def section(wanted: JobWanted, *, as_root: bool) -> str | None:
    """The whole file (pure); None when the format cannot hold what is wanted."""
    direct = wanted.open_files is None and (not as_root or not wanted.user or wanted.log_is_root_s)
    # Of a log's path supervisord expands even what an expansion gave, and reads no file at all if that fails.
    direct = direct and "%" not in wanted.log
    command = shlex.join(wanted.command if direct else wanted.redirected)
    settings = {
        "command": command,
        "directory": wanted.directory,
        "user": wanted.user if as_root else "",
        "environment": ",".join(f'{one.name}="{one.value}"' for one in wanted.variables),
        "autostart": "true",
        "autorestart": "unexpected",
        "startsecs": str(_UP_AFTER),
        "startretries": str(STARTS),
        "stopsignal": wanted.stop.signal.value,
        "stopwaitsecs": str(max(1, round(wanted.stop.grace))),
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": wanted.log if direct else "NONE",
    }
    values = [value for value in settings.values() if value]
    quoted = any(mark in one.value for one in wanted.variables for mark in "\"'\\")
    if quoted or any(_COMMENT.search(value) for value in values):
        return None
    lines = [f"{key}={value.replace('%', '%%')}" for key, value in settings.items() if value]
    opening = f"; Written by `ghostfix adopt {wanted.name}`, `ghostfix undo` takes it away."
    return "\n".join((opening, f"[program:{wanted.name}]", *lines, ""))


ADOPTER = Adopter(
    kind="supervisord",
    title="supervisord",
    enforces=frozenset({"service_open_files"}),
    offer=offer,
)
