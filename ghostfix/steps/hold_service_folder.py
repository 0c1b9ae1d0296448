"""Holding a service folder of runit, s6 or daemontools: a ``down`` file, and an order to stay down."""

from typing import ClassVar

from ghostfix.errors import ChangedError, StepError
from ghostfix.machine import ActingSystem, System
from ghostfix.service_folder import SUITES
from ghostfix.snapshot import FileKind
from ghostfix.step import Captured, Fact, Phase, Refused, SavedFile, Step, Unneeded

_CONTENT = b"held by ghostfix: `ghostfix undo` removes this file\n"


class HoldServiceFolder(Step, frozen=True, kw_only=True, tag="hold-service-folder"):
    """Keeps a supervised service down, also when its supervising process is started anew."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a service folder of runit, s6 or daemontools"

    suite: str
    folder: str

    def preview(self) -> str:
        down = " ".join(SUITES[self.suite].down)
        return f"hold {self.suite} service {self.folder}: create its `down` file, then `{down}`"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        status = system.status(self.folder).value
        if status is None or status.kind is not FileKind.FOLDER:
            return Unneeded(f"{self.folder} is no service folder any more")
        if system.program(SUITES[self.suite].down[0]) is None:
            return Refused(f"`{SUITES[self.suite].down[0]}`, which gives the order, is not on the PATH")
        return None

    def capture(self, system: System) -> Captured:
        path = f"{self.folder}/down"
        status = system.status(path).value
        content = None if status is None else system.read(path, 1 << 16).value
        stat = system.read(f"{self.folder}/supervise/stat", 256).value
        return Captured(
            files=(SavedFile(path=path, content=content, status=status),),
            facts=(Fact("up", "no" if stat.startswith(b"down") else "yes"),),
        )

    def apply(self, system: ActingSystem) -> str:
        path = f"{self.folder}/down"
        if system.status(path).value is None:
            system.create(path, _CONTENT)
        self._order(system, SUITES[self.suite].down)
        return f"{self.folder} is down, and stays down"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0]
        status = system.status(saved.path).value
        if saved.status is None and status is not None:
            if system.read(saved.path, 1 << 16).value != _CONTENT:
                raise ChangedError(f"{saved.path} was changed by somebody; it is left as it is")
            system.remove(saved.path, status, _CONTENT)
        if captured.fact("up") == "yes":
            self._order(system, SUITES[self.suite].up)
            return f"{self.folder} is up again"
        return f"{self.folder} was down before, and stays down"

    def _order(self, system: ActingSystem, words: tuple[str, ...]) -> None:
        answer = system.command((*words, self.folder), timeout=30.0)
        if answer.status != 0:
            raise StepError(f"`{' '.join(words)} {self.folder}` failed: {answer.complaint}")
