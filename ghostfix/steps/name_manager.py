"""Writing into the service's profile who its manager is."""

import posixpath
from typing import ClassVar

from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.model.step import Captured, Phase, Refused, SavedFile, Shared, Step, Unneeded
from ghostfix.service.toml_document import KeyPath
from ghostfix.service.toml_edit import with_text
from ghostfix.steps.difference import difference

_LIMIT = 1 << 20
_KEY = "manager"


class NameManager(Step, frozen=True, kw_only=True, tag="name-manager"):
    """Sets ``manager`` in the profile's table, so that no later diagnosis takes the new job for a stranger.

    It comes last: a profile names no manager that did not take the service.
    """

    phase: ClassVar[Phase] = Phase.VERIFY
    title: ClassVar[str] = "name the manager in the service's profile"

    profile: str
    service: str
    manager: str
    before: bytes
    """What the profile says now."""

    def preview(self) -> str:
        return f'write manager = "{self.manager}" into {self.profile}'

    def diff(self) -> tuple[str, ...]:
        after = self.after
        if after is None:
            return ()
        return difference(self.before, after, self.profile)

    @property
    def after(self) -> bytes | None:
        """The profile with the manager in it; None where that is not one line's work."""
        return with_text(self.before, table_of(self.profile, self.service), _KEY, self.manager)

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.profile)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        status = system.status(self.profile).value
        content = system.read_as_owner(self.profile, _LIMIT).value
        if content == self.after:
            return Unneeded(f'{self.profile} says manager = "{self.manager}"')
        if status is None or status.kind is not FileKind.REGULAR or content != self.before:
            return Refused(f"{self.profile} changed since the plan was made")
        if self.after is None:
            return Refused(f'{self.profile} has no single line for it: write manager = "{self.manager}"')
        return _not_ours(system, self.profile, status)

    def capture(self, system: System) -> Captured:
        return Captured(
            files=(SavedFile(path=self.profile, content=system.read_as_owner(self.profile, _LIMIT).value),)
        )

    def apply(self, system: ActingSystem) -> str:
        status = system.status(self.profile).value
        if status is None or self.after is None:
            raise ChangedError(f"{self.profile} is not as it was")
        if system.read_as_owner(self.profile, _LIMIT).value != self.after:
            system.replace(self.profile, self.after, status, self.before)
        return f'{self.profile} says manager = "{self.manager}"'

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0].content
        status, content = system.status(self.profile).value, system.read_as_owner(self.profile, _LIMIT).value
        if saved is None or status is None or content == saved:
            return f"{self.profile} is as it was"
        if content != self.after:
            line = f'manager = "{self.manager}"'
            raise ChangedError(f"{self.profile} was edited since; it is left as it is: take {line} out of it")
        system.replace(self.profile, saved, status, content)
        return f"{self.profile} is as it was, byte for byte"


def _not_ours(system: System, profile: str, status: FileStatus) -> Refused | None:
    """A caller who is not root can write a file anew, its owner kept, only in a folder of their own."""
    caller = system.caller()
    folder = posixpath.dirname(profile)
    above = system.status(system.resolve(folder)).value
    if caller.uid == 0 or above is None:
        return None
    if status.uid != caller.uid:
        return Refused(f"{profile} belongs to another user than {caller.user}")
    if above.uid != caller.uid and not above.mode & 0o022:
        return Refused(f"{folder} belongs to another user than {caller.user}")
    return None


def table_of(profile: str, service: str) -> KeyPath:
    """Where a service stands in a profile's file."""
    inside = ("tool", "ghostfix") if posixpath.basename(profile) == "pyproject.toml" else ()
    return (*inside, "services", service)
