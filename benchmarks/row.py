"""A row of the table: what is measured, its goal, and what came out."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmarks.crowd import belongings, crowd
from benchmarks.measure import GHOSTFIX, Command
from tests.real.ghost_house import GhostHouse, build, haunt


@dataclass(frozen=True)
class Result:
    """One claim, and whether it held; None when it could not be measured here."""

    what: str
    goal: str
    measured: str
    met: bool | None

    @staticmethod
    def ratio(what: str, measured: float, limit: float, of: str, detail: str) -> "Result":
        """So many times something, of which there may be ``limit`` at most."""
        return Result(what, f"<= {limit:g} x {of}", f"{measured:.2f} x ({detail})", measured <= limit)


@dataclass
class Bench:
    """The machine as the rows want it: built when it is first asked for, and shared by those that ask."""

    quick: bool
    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def times(self) -> int:
        """How often a command is measured."""
        return 3 if self.quick else 11

    @cached_property
    def house(self) -> GhostHouse:
        """The incident, with its three ghosts, in a crowd of 1,250."""
        folder = self.folder / "house"
        folder.mkdir()
        house = build(folder)
        self._stack.callback(house.close)
        haunt(house)
        self._stack.enter_context(belongings(self.folder))
        self._stack.enter_context(crowd(self.folder, 1_250))
        return house

    def ghostfix(self, *arguments: str, cwd: Path | None = None, terminal: bool = False) -> Command:
        """The program as a user calls it, in the house when no other folder is named."""
        folder = self.house.folder if cwd is None else cwd
        variables = {"XDG_STATE_HOME": str(self.folder / "state")}
        return Command((GHOSTFIX, *arguments), str(folder), variables, terminal)

    def leave(self) -> None:
        """Takes the crowd and the house down, for rows that want a machine of their own."""
        self._stack.close()
        self._stack = ExitStack()
        self.__dict__.pop("house", None)


Row = Callable[[Bench], Iterator[Result]]


def bench(quick: bool) -> tuple[Bench, tempfile.TemporaryDirectory[str]]:
    """A bench in a folder of its own, which is to be cleaned up at the end."""
    folder = tempfile.TemporaryDirectory(prefix="ghostfix-benchmark-")
    return Bench(quick, Path(folder.name)), folder
