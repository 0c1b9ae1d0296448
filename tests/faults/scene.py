"""A scene of the campaign: a machine with one restarter, and what ghostfix is to do with it."""

from collections.abc import Callable
from dataclasses import dataclass

from ghostfix.model.step import Step
from tests.fake_system import FakeSystem


@dataclass(frozen=True)
class Scene:
    """A machine, what is to be done on it, and what must be there again after an undo.

    ``state`` lets pass what the manager does of itself, and gives what a person would compare.
    ``looked_again`` gives the plan of a repair that looks again after an undo: a loop that was started
    again has another PID, a job of at another number.
    """

    machine: FakeSystem
    steps: tuple[Step, ...]
    state: Callable[[], object]
    looked_again: Callable[[], tuple[Step, ...]] | None = None

    def planned_anew(self) -> tuple[Step, ...]:
        return self.steps if self.looked_again is None else self.looked_again()
