r"""Text from the machine: bytes that need not be UTF-8, decoded so that they can always be stored."""

import os

from ghostfix.pattern import Pattern

_ESCAPED_BYTE = Pattern(r"\\x([89a-f][0-9a-f])")


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

    A file whose name really has those four characters comes first.
    """
    if "\\x" not in path or os.path.lexists(path):
        return path
    raw = _ESCAPED_BYTE.sub(lambda match: chr(0xDC00 + int(match[1], 16)), path)
    return raw if os.path.lexists(raw) else path
