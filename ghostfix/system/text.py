r"""Text from the machine: bytes that need not be UTF-8, decoded so that they can always be stored."""

import os


def decoded(raw: bytes) -> str:
    r"""Undecodable bytes become ``\xNN``, so the text can be written as JSON anywhere."""
    return raw.decode(errors="backslashreplace")


def storable(text: str) -> str:
    """The same for text that Python itself decoded with surrogates (names of files, variables)."""
    return text if text.isascii() else decoded(os.fsencode(text))


def reason(error: OSError) -> str:
    """Why the operating system refused, in its own words: ``Permission denied``."""
    return error.strerror or type(error).__name__
