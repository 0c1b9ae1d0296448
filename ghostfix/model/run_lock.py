"""Run lock: what a start needs, and what the machine offers for it: a lock, and becoming another program."""

from collections.abc import Mapping
from typing import NoReturn, Protocol

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Birth
from ghostfix.model.supervision import ChildProcess, Ending

MARK = "GHOSTFIX_RUN"
"""The variable by which what ``ghostfix run`` started is known again: ``PID:PID FILE``."""


_OWN = Pattern(rb"\d+\n\n\Z")


def own_content(pid: int) -> bytes:
    """What ``ghostfix run`` writes into its PID file: the PID, and a blank line by which it is known again.

    Whatever reads PID files passes over that: ``$(cat FILE)``, ``read``, ``fscanf``, ``int()``.
    """
    return b"%d\n\n" % pid


def is_own(content: bytes) -> bool:
    """Whether ``ghostfix run`` wrote it. Such a file keeps no other run out but by its lock."""
    return _OWN.match(content) is not None


class Former(Struct, frozen=True, kw_only=True):
    """What a PID file was before it was taken: that of the process that had the lock last."""

    content: bytes = b""
    written: float = 0.0
    """Its modification time, by the wall clock; 0 for no file."""
    birth: Birth | None = None
    """Of the ``ghostfix run`` that wrote it, where the file system has kept that."""


class LockedStart(Struct, frozen=True, kw_only=True):
    """One start: the command, where, with what, as whom, and the file that is its lock."""

    argv: tuple[str, ...]
    directory: str
    variables: Mapping[str, str]
    user: str | None
    """As whom root starts it; None for the caller."""
    pid_file: str
    grace: float = 10.0
    """Seconds that it has to end by itself when it is asked to."""


class Held(Protocol):
    """A lock that this process holds."""

    @property
    def before(self) -> Former:
        """What the PID file was before."""
        ...

    @property
    def shared(self) -> bool:
        """Whether children that inherit it hold it, too."""
        ...

    def keep_over_exec(self) -> None:
        """Lets it survive ``exec``."""
        ...

    def release(self) -> None:
        """Removes the PID file and gives the lock back."""
        ...

    def give_back(self) -> None:
        """Gives the lock back, and lets the PID file say again what it said before."""
        ...


class Taken(Struct, frozen=True):
    """Which process holds the lock, as far as the kernel says, and what the PID file says."""

    pid: int | None
    content: bytes


class Launcher(Protocol):
    """What takes locks on this machine, and becomes commands."""

    def environment(self, user: str | None) -> dict[str, str]:
        """Ghostfix's own environment, whole; a fresh one for what root starts as ``user``."""
        ...

    def program(self, name: str, directory: str, path: str) -> str | None:
        """Where a command is found; None when it is not there or is no program."""
        ...

    def holder(self, path: str) -> Taken | None:
        """Which process holds the lock now; None when none does."""
        ...

    def make_private_folder(self, path: str) -> None:
        """Makes ghostfix's own folder, as whatever else writes to it does; raises StepError."""
        ...

    def acquire(self, path: str, user: str | None, *, shared: bool, wait: bool) -> Held | Taken:
        """The lock, or who has it. Raises StepError when the PID file cannot be used."""
        ...

    def become(self, start: LockedStart, lock: Held) -> NoReturn:
        """Goes on as the command, in this very process, with the lock; raises StepError when it cannot."""
        ...

    def child_process(self, start: LockedStart, lock: Held) -> ChildProcess:
        """What starts the command as a child."""
        ...

    def end_as(self, ending: Ending) -> NoReturn:
        """Ends this process as the command ended."""
        ...
