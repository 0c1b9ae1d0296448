"""What differs between two texts, line by line (pure)."""

import difflib


def difference(before: bytes, after: bytes, path: str) -> tuple[str, ...]:
    """The lines of a unified diff; bytes that are no UTF-8 are written out, tabs become blanks."""
    old, new = (_lines(content) for content in (before, after))
    return tuple(difflib.unified_diff(old, new, path, path, lineterm="", n=1))


def added(content: bytes, path: str) -> tuple[str, ...]:
    """A whole file that is not there yet, as a unified diff shows it."""
    return ("--- /dev/null", f"+++ {path}", *(f"+{line}" for line in _lines(content)))


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="backslashreplace").expandtabs(2).splitlines()
