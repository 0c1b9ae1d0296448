"""JobFile: a file that holds the one job which ghostfix gives to a manager."""

from msgspec import Struct

from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Fact, Refused, SavedFile
from ghostfix.steps.difference import added

_LIMIT = 1 << 20
_MADE = "made"


class JobFile(Struct, frozen=True, kw_only=True):
    """Where the job goes, and every byte of it. One that was there before is never taken away."""

    path: str
    content: bytes
    mode: int = 0o644

    def now(self, system: System) -> bytes | None:
        """What the file holds; None when it is not there, empty when it cannot be read."""
        return (
            None if system.status(self.path).value is None else system.read_as_owner(self.path, _LIMIT).value
        )

    def diff(self) -> tuple[str, ...]:
        """It as it is written anew, in the lines of a unified diff."""
        return added(self.content, self.path)

    def is_there(self, system: System) -> bool:
        return self.now(system) == self.content

    def refused(self, system: System) -> Refused | None:
        """Why it must not be written: something else stands there, or cannot be read."""
        reading = system.status(self.path)
        if not reading.complete:
            return Refused(f"{self.path} cannot be looked at: {reading.problem}")
        if reading.value is None:
            return None
        if reading.value.kind is not FileKind.REGULAR:
            return Refused(f"{self.path} is there, and is not a regular file")
        if self.is_there(system):
            return None
        return Refused(f"{self.path} is there already, and says something else")

    def saved(self, system: System) -> SavedFile:
        """What undo needs: whether it was there."""
        return SavedFile(path=self.path, content=self.now(system), status=system.status(self.path).value)

    def folders(self, system: System) -> Fact:
        """The folders above it that are not there yet, the deepest first."""
        missing = []
        folder = self.path.rpartition("/")[0]
        while folder and system.status(folder).value is None:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        return Fact(_MADE, "\n".join(missing))

    def write(self, system: ActingSystem) -> None:
        """Creates it, whole and durably; raises ChangedError when another one is there by now."""
        if not self.is_there(system):
            system.make_folder(self.path.rpartition("/")[0])
            system.create(self.path, self.content, self.mode)

    def take_away(self, system: ActingSystem, saved: SavedFile, folders: str | None) -> None:
        """Removes it with the folders that were made for it; raises ChangedError when it was edited."""
        status = system.status(self.path).value
        if status is not None and saved.status is None:
            if not self.is_there(system):
                raise ChangedError(f"{self.path} was changed by somebody; it is left as it is")
            system.remove(self.path, status, self.content)
        for folder in (folders or "").splitlines():
            system.remove_empty_folder(folder)
