"""The syntax tree of a shell text, as far as one can be had in a moment."""

from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser

_SECONDS = 0.5
"""A script of 100 KB takes less than half of this; what takes more was made to, or is no script at all.

The parser keeps about 150 MB for each second that it is watched, so this bounds its memory as well.
"""
_HARMLESS = 4_096
"""Bytes that no text can make the grammar take long for."""
_CHUNK = 65_536


def shell_tree(source: bytes) -> "Node | None":
    """The root of the tree; None when the grammar finds no way through the text in time."""
    text = source.replace(b"\0", b"")  # as the shell reads it
    if len(text) > _HARMLESS and not _is_read_in_time(text):
        return None
    return _parser().parse(text).root_node


def _parser() -> "Parser":
    """A parser of its own for each text: one is not to be shared between threads."""
    from tree_sitter import Parser

    return Parser(_language())


@cache
def _language() -> "Language":
    """Loaded with the first script: the grammar costs as much as all that reads the scripts."""
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


def _is_read_in_time(text: bytes) -> bool:
    """Tries it: a parser can be stopped only while it asks for its text, and then gives nodes without any."""
    deadline = monotonic() + _SECONDS
    try:
        _parser().parse(
            lambda offset, _: text[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: monotonic() > deadline,
        )
    except ValueError:  # "Parsing failed": it was stopped
        return False
    return True
