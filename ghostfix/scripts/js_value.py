"""JavaScript's values as far as they are known without running the program: literals, guesses, unknowns."""

from typing import TypeAlias

from msgspec import Struct


class Opaque(Struct, frozen=True):
    """A value that is worked out when the program runs; ``text`` is how it is written."""

    text: str
    known: str = ""
    """The text that it comes to as far as that is known, ``$name`` for the rest."""


class Guess(Struct, frozen=True):
    """A value that is likely: a default, one of two branches, one of several assignments."""

    value: "Literal"


class Entry(Struct, frozen=True):
    """One ``name: value`` of an object, and the line (from 1; 0: unknown) of its name."""

    name: str
    value: "Literal"
    line: int


class Table(Struct, frozen=True):
    """An object; of a name that occurs twice the last one counts."""

    entries: tuple[Entry, ...]
    line: int = 0

    def get(self, name: str) -> "Literal":
        """The value of a name; None when there is none."""
        found = self.entry(name)
        return None if found is None else found.value

    def entry(self, name: str) -> Entry | None:
        return next((each for each in reversed(self.entries) if each.name == name), None)


Literal: TypeAlias = str | int | float | bool | tuple["Literal", ...] | Table | Guess | Opaque | None
