"""Symbols: the signs of a report, and what stands for them where the encoding has ASCII only."""

from msgspec import Struct

_AS_ASCII = str.maketrans(
    {
        "✓": "+", "✗": "x", "–": "-", "—": "-", "●": "*", "→": "->", "×": "x", "…": "...", "·": "-",
        "≥": ">=", "≤": "<=", "’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ",
    }
)  # fmt: skip


class Marks(Struct, frozen=True):
    """The signs in front of a line."""

    good: str = "✓"
    warning: str = "!"
    bad: str = "✗"
    skipped: str = "–"
    unread: str = "?"
    info: str = "i"
    verdict: str = "●"
    leads_to: str = "→"
    item: str = "·"


def to_ascii(text: str) -> str:
    """The same text in ASCII: signs by their likeness, other characters as escapes."""
    if text.isascii():
        return text
    return text.translate(_AS_ASCII).encode("ascii", "backslashreplace").decode()
