"""The syntax tree of a text by one of tree-sitter's grammars, as far as one can be had in a moment."""

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser

_SECONDS = 0.5
"""A script of 100 KB takes less than half of this; what takes more was made to, or is no script at all.

The parser keeps about 150 MB for each second that it is watched, so this bounds its memory as well.
"""
_HARMLESS = 4_096
"""Bytes that no text can make a grammar take long for."""
_CHUNK = 65_536


def syntax_tree(text: bytes, language: "Language") -> "Node | None":
    """The root of the tree; None when the grammar finds no way through the text in time."""
    if len(text) > _HARMLESS and not _is_read_in_time(text, language):
        return None
    return _parser(language).parse(text).root_node


def text_of(node: "Node") -> str:
    """A node's source, undecodable bytes written as backslashes."""
    return (node.text or b"").decode(errors="backslashreplace")


def _parser(language: "Language") -> "Parser":
    """A parser of its own for each text: one is not to be shared between threads."""
    from tree_sitter import Parser

    return Parser(language)


def _is_read_in_time(text: bytes, language: "Language") -> bool:
    """Tries it: a parser can be stopped only while it asks for its text, and then gives nodes without any."""
    deadline = monotonic() + _SECONDS
    try:
        _parser(language).parse(
            lambda offset, _: text[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: monotonic() > deadline,
        )
    except ValueError:  # "Parsing failed": it was stopped
        return False
    return True
