"""One act on the machine: previewed, re-checked, applied, undone."""

from abc import ABCMeta, abstractmethod
from enum import IntEnum
from typing import ClassVar

import msgspec
from msgspec import Struct

from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.process import Process
from ghostfix.model.snapshot import FileStatus


class Phase(IntEnum):
    """The order in which a repair holds: restarters first, or every kill is futile."""

    HOLD = 1
    STOP = 2
    CLEAN = 3
    FIX = 4
    START = 5
    VERIFY = 6


class Refused(Struct, frozen=True):
    """The step must not be done now, and why: the machine changed, or it would harm an innocent."""

    reason: str


class Unneeded(Struct, frozen=True):
    """The machine already is as the step wants it, and how that was seen."""

    reason: str


class Shared(Struct, frozen=True):
    """A folder in which repairs of several services may edit the same files."""

    folder: str
    user: str | None = None
    """Who edits there besides root; None is the folder's owner."""


class SavedFile(Struct, frozen=True, kw_only=True):
    """A file as it was before the act. ``content`` and ``status`` are None when it did not exist."""

    path: str
    content: bytes | None = None
    status: FileStatus | None = None
    aside: str | None = None
    """Where the act moves it to, when that is known beforehand."""


class Fact(Struct, frozen=True):
    """One named value that undo needs: a flag's former state, a job's former status."""

    name: str
    value: str


class Captured(Struct, frozen=True, kw_only=True):
    """What a step needs in order to undo itself. Kept privately, never shown: it may hold secrets."""

    files: tuple[SavedFile, ...] = ()
    processes: tuple[Process, ...] = ()
    facts: tuple[Fact, ...] = ()
    held: tuple[Process, ...] = ()
    """Of a step that is undone: the processes that its act, or an undo of it, was about to stop or to end."""
    started: tuple[Process, ...] = ()
    """Of a step that is undone: the processes that its act has started."""
    cut_off: bool = False
    """Given to ``undo``: the act, or taking it back, began once and its end was never recorded."""

    def fact(self, name: str) -> str | None:
        return next((fact.value for fact in self.facts if fact.name == name), None)


class StepMeta(msgspec.StructMeta, ABCMeta):
    """Lets a serialisable record have abstract methods."""


class Step(Struct, metaclass=StepMeta, frozen=True, kw_only=True, tag_field="kind"):
    """One act. A subclass names its ``kind`` as its tag (``tag="stop-process"``) and says its phase.

    ``capture`` runs before ``apply`` and must give all that ``undo`` needs, however far ``apply`` came
    when ghostfix was killed; so ``undo`` must work when the act was not begun, half done or done, and
    may be called twice.
    """

    phase: ClassVar[Phase]
    reversible: ClassVar[bool] = True
    title: ClassVar[str]
    """What this kind of step does, in a few words, for documentation."""
    on_request: ClassVar[str | None] = None
    """The option without which a plan leaves this step out: it touches what is not the service's."""

    reason: str
    """The code of the finding that asks for it."""

    @property
    def kind(self) -> str:
        """The name of this kind of step, such as ``stop-process``."""
        tag = self.__struct_config__.tag
        return tag if isinstance(tag, str) else type(self).__name__

    @abstractmethod
    def preview(self) -> str:
        """What it would do, in one line, with names and PIDs; the same text in a dry run and a repair."""

    def diff(self) -> tuple[str, ...]:
        """The lines of a unified diff of the text that it writes; none for an act that writes none."""
        return ()

    @abstractmethod
    def precondition(self, system: System) -> Refused | Unneeded | None:
        """Looks once more, immediately before the act; None means go."""

    @abstractmethod
    def capture(self, system: System) -> Captured:
        """What ``undo`` will need."""

    @abstractmethod
    def apply(self, system: ActingSystem) -> str:
        """Acts, and says what was done and what it took; raises StepError when it did not work."""

    @abstractmethod
    def undo(self, system: ActingSystem, captured: Captured) -> str:
        """Puts back what ``apply`` changed, and says so; raises ChangedError when that would do harm."""

    def release(self, system: ActingSystem, captured: Captured) -> str | None:  # noqa: ARG002
        """The half that can be taken back of an act that cannot: what it left when it was cut short.

        Asked of a step that is not reversible and has not come to its end. None when nothing was left.
        """
        return None

    def shared(self, system: System) -> tuple[Shared, ...]:  # noqa: ARG002 -- most share nothing
        """What it edits that steps for other services may edit, too.

        It is locked from ``precondition`` to the end of ``apply``, and while ``undo`` lasts.
        """
        return ()

    def run_as(self, user: str) -> "Step":  # noqa: ARG002 -- most acts do not ask
        """The same act for a service that is this user's; most acts are the caller's own all the same."""
        return self

    def pins(self) -> tuple[Process, ...]:
        """The processes to keep hold of from planning to the act."""
        return ()
