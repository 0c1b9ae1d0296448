r"""Text from the machine: bytes that need not be UTF-8, decoded so that they can always be stored."""

import os
import posixpath
from collections.abc import Sequence
from contextlib import suppress

from ghostfix.model.reading import ESCAPED_BYTE


def decoded(raw: bytes) -> str:
    r"""Undecodable bytes become ``\xNN``, so the text can be written as JSON anywhere."""
    return raw.decode(errors="backslashreplace")


def storable(text: str) -> str:
    """The same for text that Python itself decoded with surrogates (names of files, variables)."""
    return text if text.isascii() else decoded(os.fsencode(text))


def reason(error: OSError) -> str:
    """Why the operating system refused, in its own words: ``Permission denied``."""
    return error.strerror or type(error).__name__


def openable(path: str) -> str:
    r"""The path as the operating system knows it: ``\xNN`` may stand for a byte that is no UTF-8.

    A file whose name really has those four characters comes first. What does not exist keeps its name.
    """
    if "\\x" not in path or os.path.lexists(path):
        return path
    above, name = posixpath.split(path)
    folder = openable(above) if above.strip("/") else above
    literal, other = posixpath.join(folder, name), posixpath.join(folder, raw(name))
    return other if os.path.lexists(other) and not os.path.lexists(literal) else literal


def known_in(folder: int, name: str) -> str:
    """The same for one name in an open folder."""
    other = raw(name)
    with suppress(OSError):  # a name that is too long is reported where it is used
        if other != name and not exists_in(folder, name) and exists_in(folder, other):
            return other
    return name


def runnable(argv: Sequence[str]) -> tuple[str, ...]:
    """A command whose paths are as the operating system knows them."""
    return tuple(openable(word) if word.startswith("/") else word for word in argv)


def raw(name: str) -> str:
    r"""The name with each ``\xNN`` as the byte that it stands for."""
    return ESCAPED_BYTE.sub(lambda match: chr(0xDC00 + int(match[1], 16)), name)


def exists_in(folder: int, name: str) -> bool:
    """Whether an open folder has the name; a symlink that leads nowhere is there. Raises OSError."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
