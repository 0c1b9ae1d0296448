"""Program: a command that is to be followed, with the surroundings in which it runs."""

from msgspec import Struct

from ghostfix.model.process import Variable


class Program(Struct, frozen=True, kw_only=True):
    """A command to follow: its words, and what it finds when it starts."""

    words: tuple[str, ...]
    cwd: str | None
    variables: tuple[Variable, ...] = ()
    stdin: str | None = None
    folder: str | None = None
    """The folder of the script in which it stands."""
