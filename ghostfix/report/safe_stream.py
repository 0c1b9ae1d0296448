"""Standard output and standard error that pass on nothing by which a text could command its reader.

It is the last gate, behind ``safe_text.safe`` at every source: what a terminal or a build server would obey
is broken here although a caller forgot, and also where our own wrapping put it at the beginning of a line.
"""

import io
from collections.abc import Callable
from typing import TextIO

_FRAMES = dict.fromkeys(range(0x2500, 0x2580))
"""Box-drawing characters, of which the frames of the help are made: they command no terminal."""


class OwnCommands(str):
    """Text whose workflow commands are ghostfix's own; what came from the machine is escaped in it."""

    __slots__ = ()


class SafeStream(io.TextIOWrapper):
    """A standard stream; characters that its encoding cannot write become escapes."""

    def write(self, text: str, /) -> int:
        return super().write(harmless_output(text, self.isatty))


def harmless_output(text: str, on_terminal: Callable[[], bool] = lambda: False) -> str:
    """The text as it may be written, see ``safe_text.harmless``; our own commands stay."""
    if isinstance(text, OwnCommands) or _is_plain(text):
        return text
    from ghostfix.model.safe_text import harmless  # what is plain needs none of its patterns

    return harmless(text, on_terminal=on_terminal())


def guarded(stream: TextIO) -> TextIO:
    """The stream as a safe one. One that is no wrapper of a file, such as a test's, stays as it is."""
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, SafeStream):
        return stream
    encoding, buffering, through = stream.encoding, stream.line_buffering, stream.write_through
    return SafeStream(
        stream.detach(),
        encoding=encoding,
        errors="backslashreplace",
        newline="\n",
        line_buffering=buffering,
        write_through=through,
    )


def _is_plain(text: str) -> bool:
    return (
        text.translate(_FRAMES).isascii()
        and text.replace("\n", "").isprintable()
        and "::" not in text
        and "##" not in text
    )
