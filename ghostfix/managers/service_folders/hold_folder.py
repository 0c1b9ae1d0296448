"""Holding a service folder of runit, s6 or daemontools: a ``down`` file, and an order to stay down."""

from typing import ClassVar

from ghostfix.managers.service_folders.folder import SUITES, state_of
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded
from ghostfix.service.trust import runner

_CONTENT = b"held by ghostfix: `ghostfix undo` removes this file\n"
_PATIENCE = 10.0
_POLL_EVERY = 0.1


class HoldServiceFolder(Step, frozen=True, kw_only=True, tag="hold-service-folder"):
    """Keeps a supervised service down, also when its supervising process is started anew."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a service folder of runit, s6 or daemontools"

    suite: str
    folder: str

    def preview(self) -> str:
        down = " ".join(SUITES[self.suite].down)
        return f"hold {self.suite} service {self.folder}: create its `down` file, then `{down}`"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(self.folder),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        suite = SUITES[self.suite]
        status = system.status(self.folder).value
        if status is None or status.kind is not FileKind.FOLDER:
            return Unneeded(f"{self.folder} is no service folder any more")
        if system.program(suite.down[0]) is None:
            return Refused(f"`{suite.down[0]}`, which gives the order, is not on the PATH")
        whose = runner(system, (self.folder,))
        if not whose.complete:
            return Refused(whose.problem or f"nobody may give orders to {self.folder}")
        state = state_of(suite, system, self.folder)
        if state.value is None:
            return Refused(state.problem or f"the state of {self.folder} is not known")
        if system.status(f"{self.folder}/down").value is not None and not state.value.wanted:
            return Unneeded(f"{self.folder} is held already")
        return None

    def capture(self, system: System) -> Captured:
        path = f"{self.folder}/down"
        state = state_of(SUITES[self.suite], system, self.folder).value
        return Captured(
            files=(SavedFile(path=path, status=system.status(path).value),),
            facts=(Fact("wanted", "no" if state is not None and not state.wanted else "yes"),),
        )

    def apply(self, system: ActingSystem) -> str:
        suite = SUITES[self.suite]
        path = f"{self.folder}/down"
        if system.status(path).value is None:
            system.create(path, _CONTENT)
        give_order(system, suite.down, self.folder)
        deadline = system.monotonic() + _PATIENCE
        state = state_of(suite, system, self.folder).value
        while state is not None and state.up and system.monotonic() < deadline:
            system.wait(_POLL_EVERY)
            state = state_of(suite, system, self.folder).value
        if state is None or state.wanted:
            raise StepError(f"{suite.supervisor} did not take the order to keep {self.folder} down")
        if state.up:
            return f"{self.folder} is not run again; pid {state.pid} has not ended yet"
        return f"{self.folder} is down, and stays down"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0]
        status = system.status(saved.path).value
        if saved.status is None and status is not None:
            if system.read_as_owner(saved.path, 1 << 16).value != _CONTENT:
                raise ChangedError(f"{saved.path} was changed by somebody; it is left as it is")
            system.remove(saved.path, status, _CONTENT)
        if captured.fact("wanted") != "yes":
            return f"{self.folder} was down before, and stays down"
        if system.status(self.folder).value is None:
            raise ChangedError(f"{self.folder} is gone")
        give_order(system, SUITES[self.suite].up, self.folder)
        return f"{self.folder} is up again"


def give_order(system: ActingSystem, words: tuple[str, ...], folder: str) -> None:
    """Runs the suite's control program; raises StepError when it says that it did not work.

    It writes into files of that folder, and follows links: with root's rights ``sv down`` would write a "d"
    over the first letter of whatever file a user has linked there (seen). So the folder's owner gives it.
    """
    whose = runner(system, (folder,))
    if not whose.complete:
        raise StepError(f"`{' '.join(words)} {folder}` was not run: {whose.problem}")
    answer = system.command((*words, folder), timeout=30.0, user=whose.value)
    # svc exits with 0 even when no process supervises the folder, and says so (daemontools' svc.c).
    if answer.status != 0 or answer.stderr.strip():
        lines = answer.text.strip().splitlines()
        raise StepError(f"`{' '.join(words)} {folder}` failed: {lines[-1] if lines else answer.complaint}")
