"""What surrounds a statement of a shell script, and how the script goes on after it."""

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct, structs
from tree_sitter import Node

from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import Loop


class Exit(IntEnum):
    """What a statement ends."""

    NOTHING = 0
    ROUND = 1
    FUNCTION = 2
    SCRIPT = 3


class Flow(Struct, frozen=True):
    """How it goes on after a statement: what it ends, and which check decides what comes after it."""

    ends: Exit = Exit.NOTHING
    guard: str = ""
    guarded: Exit = Exit.NOTHING
    """How far the guard reaches."""

    def leaving(self, scope: Exit) -> "Flow":
        """What is left of it outside a loop, a function or a script."""
        ends = self.ends if self.ends > scope else Exit.NOTHING
        return Flow(ends, self.guard, self.guarded) if self.guarded > scope else Flow(ends)


GOES_ON = Flow()


class Around(Struct, frozen=True, kw_only=True):
    """What surrounds a statement."""

    loop: Loop | None = None
    guard: str = ""
    background: bool = False
    output: str | None = None
    stdin: str | None = None
    sure: Confidence = Confidence.CERTAIN
    depth: int = 0
    branches: tuple[tuple[int, int], ...] = ()

    def within(self, choice: Node, branch: int) -> "Around":
        """The same within one branch of an ``if`` or a ``case``."""
        return structs.replace(self, branches=(*self.branches, (choice.id, branch)))

    def after(self, flow: Flow, *, background: bool) -> "Around":
        """The same behind the check of an earlier statement."""
        return structs.replace(self, guard=self.guard or flow.guard, background=self.background or background)


def joined(flows: Sequence[Flow], check: str, *, complete: bool) -> Flow:
    """After a choice: it ends when every branch does, and is decided by the check when one does.

    ``complete``: one of the branches was taken for sure.
    """
    if complete and flows and all(flow.ends for flow in flows):
        return Flow(min(flow.ends for flow in flows))
    ending = max((flow.ends for flow in flows), default=Exit.NOTHING)
    if ending and check:
        return Flow(Exit.NOTHING, check, ending)
    return next((Flow(Exit.NOTHING, flow.guard, flow.guarded) for flow in flows if flow.guard), GOES_ON)
