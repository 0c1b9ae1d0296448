"""Makes the folder of the service's log, which no manager does."""

from typing import ClassVar

from msgspec import structs

from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded


class MakeFolder(Step, frozen=True, kw_only=True, tag="make-folder"):
    """``mkdir -p`` with the rights of the service's user."""

    phase: ClassVar[Phase] = Phase.FIX
    title: ClassVar[str] = "make the folder of the service's log"

    path: str
    user: str = ""
    """The user as which root makes it; empty for the caller."""

    def preview(self) -> str:
        return f"make the folder {self.path}" + (f" as {self.user}" if self.user else "")

    def run_as(self, user: str) -> Step:
        return structs.replace(self, user=user)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        status = system.status(system.resolve(self.path)).value
        if status is None:
            return None
        if status.kind is FileKind.FOLDER:
            return Unneeded(f"{self.path} is there")
        return Refused(f"{self.path} is in the way: it is not a folder")

    def capture(self, system: System) -> Captured:
        missing, folder = [], self.path
        while folder != "/" and system.status(folder).value is None:
            missing.append(folder)
            folder = folder.rpartition("/")[0] or "/"
        return Captured(facts=(Fact("made", "\n".join(missing)),))

    def apply(self, system: ActingSystem) -> str:
        if not self.user:
            system.make_folder(self.path)
            return f"{self.path} is made"
        answer = system.command(("mkdir", "-p", "--", self.path), timeout=10.0, user=self.user)
        if answer.status != 0:
            raise StepError(f"{self.path} could not be made: {answer.complaint}")
        return f"{self.path} is made"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        for folder in (captured.fact("made") or "").splitlines():
            if self.user:  # who could have put a link into the path since
                system.command(("rmdir", "--", folder), timeout=10.0, user=self.user)
            else:
                system.remove_empty_folder(folder)
        left = system.status(self.path).value is not None
        return f"{self.path} stays: something was written into it" if left else f"{self.path} is gone again"
