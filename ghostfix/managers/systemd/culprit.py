"""Culprit: which path, user or file a unit asks for and the machine does not have."""

import posixpath
import shlex
from collections.abc import Iterator

from msgspec import Struct

from ghostfix.managers.systemd.exit_status import SETUP_FAILURES
from ghostfix.managers.systemd.systemctl import Scope
from ghostfix.managers.systemd.unit_file import UnitEntry, UnitFile, expanded
from ghostfix.model.job import Place
from ghostfix.model.machine import System
from ghostfix.model.snapshot import FileKind

_FIRST_LINE = 256
"""The kernel reads so much of a script's first line (BINPRM_BUF_SIZE)."""
_DATABASE_LIMIT = 4 * 1024 * 1024
_OUTPUT_FILES = ("append:", "file:", "truncate:")
_DATABASES = {216: "group", 217: "passwd"}


class Culprit(Struct, frozen=True):
    """What is at fault, and the line of the unit that asks for it."""

    name: str
    words: str
    """``the program /srv/a/run does not exist``."""
    place: Place | None = None


class UnitDefinition(Struct, frozen=True, kw_only=True):
    """A unit's file, and by which manager it is read."""

    unit: str
    scope: Scope
    file: UnitFile

    def entries(self, *keys: str) -> Iterator[tuple[UnitEntry, str]]:
        """The settings of ``[Service]`` with these names, and their values with the specifiers filled in."""
        for key in keys:
            for entry in self.file.values("Service", key):
                user = self.scope.user or "root"
                yield entry, expanded(entry.value, self.unit, self.scope.home, user)


def setup_culprit(
    system: System, definition: UnitDefinition, status: int, program: str, place: Place | None
) -> Culprit | None:
    """What made systemd fail with this exit status; None when nothing is seen to be missing.

    ``program`` is that of the command which failed, and ``place`` its line.
    """
    if status == 203:
        return _with_place(program_culprit(system, program), place)
    settings = SETUP_FAILURES[status].settings
    for entry, value in definition.entries(*settings):
        found = _missing(system, status, value)
        if found is not None:
            return Culprit(found[0], found[1], entry.place)
    return None


def environment_culprit(system: System, definition: UnitDefinition) -> Culprit | None:
    """The first file of ``EnvironmentFile=`` that has to be there, and is not."""
    for entry, value in definition.entries("EnvironmentFile"):
        if value.startswith("-") or any(sign in value for sign in "*?["):
            continue
        if _is_absent(system, value):
            return Culprit(value, f"its environment file {value} does not exist", entry.place)
    return None


def program_culprit(system: System, program: str) -> Culprit | None:
    """Why a program cannot be executed: it, or the interpreter in its first line, is missing."""
    if not program.startswith("/"):
        words = f"the program {program} is in none of the folders in which systemd looks"
        return Culprit(program, words) if program else None
    resolved = system.resolve(program)
    status = system.status(resolved)
    if not status.complete:
        return None
    if status.value is None:
        leads = f", which leads to {resolved}," if resolved != program else ""
        return Culprit(program, f"the program {program}{leads} does not exist")
    if status.value.kind is FileKind.FOLDER:
        return Culprit(program, f"the program {program} is a folder")
    if not status.value.mode & 0o111:
        return Culprit(program, f"the program {program} is not executable (mode {status.value.mode:04o})")
    return _interpreter_culprit(system, program)


def _interpreter_culprit(system: System, program: str) -> Culprit | None:
    first = system.read(program, _FIRST_LINE).value.partition(b"\n")[0]
    if not first.startswith(b"#!"):
        return None
    words = first[2:].decode(errors="backslashreplace").split()
    if not words:
        return Culprit(program, f"the first line of {program} names no interpreter")
    interpreter = words[0]
    if _is_absent(system, interpreter):
        text = f"the first line of {program} names the interpreter {interpreter}, which does not exist"
        return Culprit(interpreter, text, Place(program, 1, first.decode(errors="backslashreplace")))
    return None


def _missing(system: System, status: int, value: str) -> tuple[str, str] | None:
    """What a setting's value names and the machine does not have, and that in words."""
    if status in _DATABASES:
        return _unknown_account(system, _DATABASES[status], value)
    if status == 200:
        path = value.lstrip("-")
        if path.startswith("/") and not value.startswith("-") and _is_absent(system, path):
            return path, f"its working directory {path} does not exist"
        return None
    if status in (208, 209, 222):
        return _without_folder(system, value)
    return next(
        (
            (path, f"the path {path} that the unit names does not exist")
            for path in _paths(value)
            if _is_absent(system, path)
        ),
        None,
    )


def _without_folder(system: System, value: str) -> tuple[str, str] | None:
    prefix = next((prefix for prefix in _OUTPUT_FILES if value.startswith(prefix)), None)
    if prefix is None:
        return None
    path = value.removeprefix(prefix)
    folder = posixpath.dirname(path)
    if _is_absent(system, folder):
        return folder, f"the folder {folder} of its file {path} does not exist"
    return None


def _paths(value: str) -> Iterator[str]:
    """The absolute paths of a list setting that have to be there; a bind's source only."""
    try:
        words = shlex.split(value)
    except ValueError:
        words = value.split()
    for word in words:
        path = word.lstrip("+").split(":")[0]
        if path.startswith("/"):
            yield path


def _unknown_account(system: System, database: str, value: str) -> tuple[str, str] | None:
    """The first name that neither the files nor, where it is there, ``getent`` knows."""
    known = system.read(f"/etc/{database}", _DATABASE_LIMIT)
    kind = "user" if database == "passwd" else "group"
    rows = [line.split(b":") for line in known.value.splitlines()]
    for name in value.split():
        if not known.complete or any(name.encode() in (row[0], *row[2:3]) for row in rows):
            continue
        if system.program("getent") is not None and system.ask(("getent", database, name)).status != 2:
            continue  # 2: "one or more supplied key could not be found" (getent(1))
        return name, f"the {kind} {name} does not exist"
    return None


def _is_absent(system: System, path: str) -> bool:
    status = system.status(system.resolve(path))
    return status.complete and status.value is None


def _with_place(culprit: Culprit | None, place: Place | None) -> Culprit | None:
    if culprit is None or culprit.place is not None:
        return culprit
    return Culprit(culprit.name, culprit.words, place)
