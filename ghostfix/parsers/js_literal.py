"""Values of JavaScript: what a configuration file says in so many words, each entry with its line.

Covers JSON, JSON with comments, JSON5 and what of a ``.config.js`` is constant: literals, names that are set
to them, paths that are joined from them. Nothing is run: what depends on more is ``Opaque``.
"""

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


def read_literal(text: str, folder: str | None = None) -> "Literal":
    """What a file exports: its one value, or what ``module.exports`` or ``export default`` is set to.

    ``folder`` is where the file lies, and where it is run. A file that exports nothing, or cannot be read as
    JavaScript, gives an ``Opaque``.
    """
    from ghostfix.scripts.node_export import exported  # loads the grammar, which few machines need

    return exported(text.removeprefix("\ufeff"), folder)


def plain(value: object) -> "Literal":
    """What a JSON decoder gave, as a literal without lines."""
    if isinstance(value, dict):
        return Table(tuple(Entry(str(name), plain(each), 0) for name, each in value.items()))
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    return value if isinstance(value, str | int | float) or value is None else Opaque(str(value))
