"""Makes the virtual environment that the service runs in."""

import posixpath
from typing import ClassVar

from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.model.step import Captured, Phase, Refused, SavedFile, Shared, Step, Unneeded
from ghostfix.service.trust import wrong_runner
from ghostfix.steps.moved_files import moved_to

_TIMEOUT = 300.0
_PREFIX = "import sys; print(sys.prefix)"


class CreateVenv(Step, frozen=True, kw_only=True, tag="create-venv"):
    """Makes it with ``python -m venv``, or with uv without ensurepip; a broken one is moved aside."""

    phase: ClassVar[Phase] = Phase.FIX
    title: ClassVar[str] = "Makes the virtual environment that the service runs in"

    path: str
    replaces_broken: bool
    python: str
    """The interpreter to make it from."""
    user: str = ""
    """The user as which root makes it; empty for the caller."""

    def preview(self) -> str:
        user = f" as {self.user}" if self.user else ""
        former = "; the broken one is moved aside" if self.replaces_broken else ""
        return f"make the virtual environment {self.path} with {self.python}{user}{former}"

    def run_as(self, user: str) -> Step:
        return structs.replace(self, user=user)

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.path)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        problem = wrong_runner(system, self._runs(system), self.user)
        if problem is not None:
            return Refused(problem)
        reading = system.status(self.path)
        if not reading.complete:
            return Refused(f"{self.path} cannot be looked at: {reading.problem}")
        if reading.value is not None:
            if _works(system, self.path, self.user):
                return Unneeded(f"{self.path} works")
            if not self.replaces_broken:
                return Refused(f"{self.path} was not there when the plan was made, and is now")
            if reading.value.kind is not FileKind.FOLDER:
                return Refused(f"{self.path} is not a folder")
            users = _users(system, self.path)
            if users:
                return Refused(f"{self.path} is in use by pid {', '.join(str(pid) for pid in users)}")
        if _command(system, self.python, self.path, self.user) is None:
            return Refused(
                f"{self.python} cannot make virtual environments (on Debian install python3-venv), "
                "and uv is not there"
            )
        return None

    def capture(self, system: System) -> Captured:
        return Captured(files=(SavedFile(path=self.path, status=system.status(self.path).value),))

    def apply(self, system: ActingSystem) -> str:
        argv = _command(system, self.python, self.path, self.user)
        if argv is None:
            raise ChangedError(f"{self.python} cannot make virtual environments any more")
        broken = system.status(self.path).value
        moved = ""
        if broken is not None and not self.replaces_broken:
            raise ChangedError(f"{self.path} has just appeared")
        if broken is not None:
            moved = f"; the broken one is {posixpath.basename(system.move_aside(self.path, broken))} now"
        folder = posixpath.dirname(self.path)
        answer = system.command(argv, _TIMEOUT, cwd=folder, user=self.user or None)
        if answer.status != 0:
            raise StepError(f"{self.path} could not be made: {answer.complaint}{moved}")
        if not _works(system, self.path, self.user):
            raise StepError(f"{self.path} was made, but its interpreter does not run{moved}")
        return f"made {self.path}{moved}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        (saved,) = captured.files
        here = system.status(self.path).value
        if saved.status is not None and here is not None and here.inode == saved.status.inode:
            return f"{self.path} is in its place"
        former = None if saved.status is None else moved_to(system, self.path, saved.status)
        if saved.status is not None and former is None:
            raise ChangedError(f"what {self.path} was before is not beside it any more")
        said = self._clear(system, here)
        if former is None:
            return said
        system.move_back(former, self.path)
        return f"{said}; the former {self.path} is back in its place"

    def _runs(self, system: System) -> tuple[str, ...]:
        """What is run: the interpreter to make it from, and the one that is there."""
        python = self.python if "/" in self.python else system.program(self.python, self.user or None)
        return (self.path, f"{self.path}/bin/python", *(() if python is None else (python,)))

    def _clear(self, system: ActingSystem, here: FileStatus | None) -> str:
        """Moves the new one out of the way: what was installed into it since is not lost."""
        if here is None:
            return f"{self.path} is not there"
        users = _users(system, self.path)
        if users:
            pids = ", ".join(str(pid) for pid in users)
            raise ChangedError(f"{self.path} is in use by pid {pids}, and stays")
        return f"{self.path} was moved to {posixpath.basename(system.move_aside(self.path, here))}"


def _works(system: System, path: str, user: str) -> bool:
    """Whether its interpreter runs and says that this is where it belongs."""
    answer = system.ask((f"{path}/bin/python", "-IB", "-c", _PREFIX), user=user or None)
    return answer.status == 0 and system.resolve(answer.text.strip()) == system.resolve(path)


def _command(system: System, python: str, path: str, user: str) -> tuple[str, ...] | None:
    """The command that makes it; None when nothing here can."""
    if system.ask((python, "-IB", "-c", "import venv, ensurepip"), user=user or None).status == 0:
        return (python, "-m", "venv", path)
    uv = system.program("uv")
    return None if uv is None else (uv, "venv", "--python", python, path)


def _users(system: System, path: str) -> list[int]:
    """The processes that were started with an interpreter or a program of this venv."""
    return [
        process.pid
        for process in system.processes().value
        if process.alive and process.argv and process.argv[0].startswith(f"{path}/")
    ]
