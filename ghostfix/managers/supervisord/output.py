"""Where supervisord writes: what its programs print, and its own log."""

import posixpath

from ghostfix.managers.supervisord.config import SupervisorProgram
from ghostfix.managers.supervisord.daemon import Daemon, Programs
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern

_NUMBERED = Pattern(r"%\(\w+\)\d*d|%\(\w+\)s")
_TEMPORARY = "/tmp"  # noqa: S108 - where supervisord writes without TMPDIR: it is only read
_NO_FILE = frozenset({"none", "off", "syslog", ""})


def expansions(daemon: Daemon, programs: Programs, program: SupervisorProgram) -> dict[str, str]:
    """The words that supervisord puts in for ``%(name)s``, as far as they are the same for each process."""
    known = {"program_name": program.name, "group_name": programs.group_of(program)}
    return {**_of_daemon(daemon), **known}


def filled(text: str, known: dict[str, str]) -> str:
    """The text with each ``%(name)s`` that is known put in."""
    for name, value in known.items():
        text = text.replace(f"%({name})s", value)
    return text


def output_files(
    system: System, daemon: Daemon, programs: Programs, program: SupervisorProgram
) -> tuple[str, ...]:
    """The existing files that take what a program's processes print: errors first, the newest first."""
    known = expansions(daemon, programs, program)
    found: list[str] = []
    for channel, written in (("stderr", program.stderr_log), ("stdout", program.stdout_log)):
        if written.lower() in _NO_FILE or written.startswith("/dev/"):
            continue
        pattern = filled(written, known)
        if written.upper() == "AUTO":
            settings = programs.settings
            name = filled(program.process_name, known)
            folder = filled(settings.child_log_folder, known) or _temporary(daemon)
            pattern = f"{folder}/{name}-{channel}---{settings.identifier}-*.log"
        path = posixpath.join(daemon.cwd, _NUMBERED.sub("*", pattern))
        found += sorted(
            system.paths(path) if "*" in path else [path], key=lambda each: -_modified(system, each)
        )
    return tuple(dict.fromkeys(found))


def own_log(daemon: Daemon, programs: Programs) -> str | None:
    """The path of supervisord's own log; None when it writes none into a file."""
    written = programs.settings.log
    if written.lower() in _NO_FILE - {""} or written.startswith("/dev/"):
        return None
    return posixpath.normpath(
        posixpath.join(daemon.cwd, filled(written, _of_daemon(daemon)) or "supervisord.log")
    )


def _of_daemon(daemon: Daemon) -> dict[str, str]:
    """``%(here)s``, and the ``%(ENV_NAME)s`` of the daemon's own environment."""
    environment = {f"ENV_{each.name}": each.value for each in daemon.variables}
    return {**environment, "here": posixpath.dirname(daemon.config)}


def _temporary(daemon: Daemon) -> str:
    """Python's ``tempfile.gettempdir`` in the daemon."""
    named = next((each.value for each in daemon.variables if each.name == "TMPDIR"), "")
    return named or _TEMPORARY


def _modified(system: System, path: str) -> float:
    status = system.status(path).value
    return 0.0 if status is None else status.modified
