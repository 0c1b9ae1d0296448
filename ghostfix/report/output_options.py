"""Output options: how much room there is for a report, and how much of it is wanted."""

from enum import IntEnum

from msgspec import Struct


class Amount(IntEnum):
    """How much a reader wants to see."""

    QUIET = 0
    """Nothing when healthy, one line when not."""
    NORMAL = 1
    VERBOSE = 2
    """Every check, all evidence, all processes."""


class Layout(Struct, frozen=True, kw_only=True):
    """What a renderer may use. The defaults suit a file or a pipe: no colour, every character."""

    width: int = 100
    colour: bool = False
    unicode: bool = True
    """False where the encoding cannot write ✓, → and …; ASCII stands for them then."""
    amount: Amount = Amount.NORMAL
    workspace: str = ""
    """The folder of the repository in a workflow: files below it are named as they are in it."""
