"""What can go wrong in a way that a user can understand, and the exit codes that say so."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What the ``ghostfix`` process returns; each number has one meaning."""

    HEALTHY = 0
    FINDINGS = 1
    USAGE = 2
    COULD_NOT_LOOK = 3
    REPAIR_INCOMPLETE = 4
    NOT_HELD = 5
    INTERNAL = 70
    RUNNING = 75
    INTERRUPTED = 130


_WORST_FIRST = (
    ExitCode.INTERNAL,
    ExitCode.REPAIR_INCOMPLETE,
    ExitCode.NOT_HELD,
    ExitCode.FINDINGS,
    ExitCode.COULD_NOT_LOOK,
    ExitCode.HEALTHY,
)


def worst(codes: Iterable[int]) -> ExitCode:
    """The exit code of several services together; healthy when there are none."""
    present = set(codes)
    return next((code for code in _WORST_FIRST if code in present), ExitCode.HEALTHY)


class GhostfixError(Exception):
    """An error for the user: what happened and where (``message``), and what to type next (``hint``)."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProfileError(GhostfixError):
    """The profile, or what was typed on the command line, cannot be used."""


class RepairError(GhostfixError):
    """A repair was refused, is incomplete or failed; the journal has what was done."""

    exit_code = ExitCode.REPAIR_INCOMPLETE


class UnwritableError(RepairError):
    """The journal cannot be written: the disk is full, or its folder is not to be trusted."""


class StepError(Exception):
    """An act on the machine did not succeed; the message says what happened, for a person."""


class ChangedError(StepError):
    """The machine is not as the plan saw it, so the act was not done: nothing was touched."""
