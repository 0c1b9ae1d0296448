"""Unit start: the command of a unit that leads to the service, in the surroundings that systemd gives it."""

import shlex
from collections.abc import Iterator

from msgspec import Struct

from ghostfix.managers.systemd.systemctl import LoadedUnit, Scope
from ghostfix.managers.systemd.unit_file import UnitEntry, UnitFile, exec_words, expanded, merged, read_unit
from ghostfix.model.job import Place
from ghostfix.model.machine import System
from ghostfix.model.process import Variable
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service
from ghostfix.scripts.start_search import Trail, search_argv
from ghostfix.service.passwd import home_of

_UNIT_LIMIT = 1 << 20
_COMMANDS = ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecStopPost")


class UnitStart(Struct, frozen=True):
    """``entry`` is the command that leads to the service; without ``trail`` none does: the unit's first."""

    entry: UnitEntry | None
    trail: Trail | None
    problems: tuple[str, ...] = ()
    """The scripts on the way that could not be read."""

    @property
    def place(self) -> Place | None:
        return None if self.entry is None else self.entry.place


def unit_file(system: System, unit: LoadedUnit) -> Reading[UnitFile]:
    """A unit's file with its drop-ins, as they lie there now; a mask is a file without entries."""
    files: list[UnitFile] = []
    problems: list[str] = []
    for path in (unit.fragment, *unit.drop_ins):
        if not path or system.resolve(path) == "/dev/null":
            continue
        reading = system.read(path, _UNIT_LIMIT)
        if not reading.complete:
            problems.append(reading.problem or f"{path} could not be read")
        files.append(read_unit(reading.value.decode(errors="backslashreplace"), path))
    return gathered(merged(files), problems)


def unit_start(system: System, service: Service, scope: Scope, unit: str, file: UnitFile) -> UnitStart:
    """The first of the unit's commands that leads to the service, and how."""
    manager = scope.user or "root"
    cwd = _directory(system, scope, unit, file)
    variables = tuple(_variables(system, unit, file, scope.home, manager))
    entries = [entry for key in _COMMANDS for entry in file.values("Service", key)]
    problems: list[str] = []
    for entry in entries:
        words = _with_variables(exec_words(entry.value, unit, scope.home, manager), variables)
        found = search_argv(system, service, words, cwd, variables)
        problems += found.problems
        if found.trail is not None:
            return UnitStart(entry, found.trail)
    return UnitStart(entries[0] if entries else None, None, tuple(problems))


def _directory(system: System, scope: Scope, unit: str, file: UnitFile) -> str:
    """``WorkingDirectory=``; a user's manager starts in the home folder, the machine's in ``/``."""
    given = file.value("Service", "WorkingDirectory").lstrip("-")
    if given == "~":
        user = file.value("Service", "User")
        return home_of(system, user) if user else scope.home
    default = scope.home if scope.user else "/"
    return expanded(given, unit, scope.home, scope.user or "root") or default


def _variables(system: System, unit: str, file: UnitFile, home: str, user: str) -> Iterator[Variable]:
    """What ``Environment=`` and the files of ``EnvironmentFile=`` set; the files come later and win."""
    for entry in file.values("Service", "Environment"):
        yield from _assignments(expanded(entry.value, unit, home, user))
    for entry in file.values("Service", "EnvironmentFile"):
        path = expanded(entry.value.lstrip("-"), unit, home, user)
        text = system.read(path, _UNIT_LIMIT).value.decode(errors="backslashreplace")
        for line in text.splitlines():
            if not line.lstrip().startswith(("#", ";")):
                yield from _assignments(line)


def _assignments(text: str) -> Iterator[Variable]:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.isidentifier():
            yield Variable(name, value)


def _with_variables(words: tuple[str, ...], variables: tuple[Variable, ...]) -> tuple[str, ...]:
    """``$NAME`` and ``${NAME}`` filled in as systemd does: a bare ``$NAME`` becomes any number of words."""
    known = {variable.name: variable.value for variable in variables}
    filled: list[str] = []
    for index, word in enumerate(words):
        name = word.removeprefix("$")
        if index and name != word and name in known:
            filled += known[name].split()
        else:
            for key, value in known.items():
                word = word.replace(f"${{{key}}}", value)
            filled.append(word)
    return tuple(filled)
