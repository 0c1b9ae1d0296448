"""Script files: where a program or script that a command names may lie, and what is in it."""

import posixpath
import re
from collections.abc import Iterable

from ghostfix.model.machine import System
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import FileKind
from ghostfix.scripts.program import Program
from ghostfix.scripts.script import SIZE_LIMIT

_FILES = 200
# Folders of the system's own programs: none of them is a script that starts a service.
_SYSTEM_FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin"})


class ScriptFiles:
    """The files of one search, each read once, and what could not be read.

    ``directory`` is the service's own folder, where a script may lie whose folder is not known.
    """

    def __init__(self, system: System, directory: str) -> None:
        self.problems: list[str] = []
        self._system = system
        self._directory = directory
        self._contents: dict[str, bytes | None] = {}

    def content(self, path: str) -> bytes | None:
        """A script's text; None for what is no text, is not there, or cannot be read (which is noted)."""
        if path in self._contents:
            return self._contents[path]
        if len(self._contents) >= _FILES:
            self.problems.append(f"more than {_FILES} scripts; {path} was not read")
            return None
        self._contents[path] = self._fetch(path)
        return self._contents[path]

    def _fetch(self, path: str) -> bytes | None:
        beginning = self._system.read(path, 4096)
        if not beginning.complete:
            status = self._system.status(path)
            if status.value is not None or not status.complete:
                self.problems.append(f"{path}: {beginning.problem}")
            return None
        if b"\0" in beginning.value:
            return None
        if len(beginning.value) < 4096:
            return beginning.value
        whole = self._system.read(path, SIZE_LIMIT)
        return whole.value if whole.complete else beginning.value

    def home(self, program: Program) -> str:
        """The home folder of the user who runs it."""
        home = next((entry.value for entry in program.variables if entry.name == "HOME"), None)
        return home or self._system.caller().home

    def _path(self, program: Program) -> Iterable[str]:
        """The folders of the command's own ``PATH``, but for those of the system's own programs."""
        value = next((entry.value for entry in reversed(program.variables) if entry.name == "PATH"), "")
        return (each for each in value.split(":") if each.startswith("/") and each not in _SYSTEM_FOLDERS)

    def is_there(self, path: str) -> bool:
        """Whether anything is there."""
        return self._system.status(path).value is not None

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there."""
        status = self._system.status(path).value
        return status is not None and status.kind is FileKind.FOLDER

    def parts(self, folder: str) -> Iterable[str]:
        """The programs that ``run-parts`` runs: Debian's takes no name with a dot, cronie's does."""
        debian = self.is_there("/etc/debian_version")
        names = self._system.names(folder)
        if not names.complete:
            self.problems.append(f"{folder}: {names.problem}")
        for name in names.value:
            if debian and not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                continue
            path = posixpath.join(folder, name)
            status = self._system.status(self._system.resolve(path)).value
            if status is not None and status.mode & 0o111:
                yield path

    def places(
        self, given: str, program: Program, *, called_by_name: bool
    ) -> Iterable[tuple[str, Confidence]]:
        """Where a program or script may lie, with how sure that is."""
        if given.startswith("/"):
            if posixpath.dirname(given) not in _SYSTEM_FOLDERS:
                yield posixpath.normpath(given), Confidence.CERTAIN
        elif called_by_name and "/" not in given:
            for place in self._path(program):
                if self.is_there(posixpath.join(place, given)):
                    yield posixpath.join(place, given), Confidence.CERTAIN
                    return
            found = None if "$" in given else self._system.program(given)
            if found is not None and posixpath.dirname(found) not in _SYSTEM_FOLDERS:
                yield found, Confidence.LIKELY
        elif given.startswith("~/"):
            yield posixpath.join(self.home(program), given[2:]), Confidence.LIKELY
        elif "$" in given:
            # The folder is unknown: beside the script that names it, or in the service's own folder.
            rest = re.sub(r"^.*[$][^/]*/", "", given)
            if rest != given and "$" not in rest:
                for folder in (program.folder, program.cwd, self._directory):
                    if folder is not None:
                        yield posixpath.normpath(posixpath.join(folder, rest)), Confidence.POSSIBLE
        elif program.cwd is not None:
            yield posixpath.normpath(posixpath.join(program.cwd, given)), Confidence.CERTAIN
        elif program.folder is not None:
            yield posixpath.normpath(posixpath.join(program.folder, given)), Confidence.POSSIBLE
