"""The syntax tree of a shell text."""

import tree_sitter_bash
from tree_sitter import Language, Node

from ghostfix.scripts.syntax_tree import syntax_tree

_LANGUAGE = Language(tree_sitter_bash.language())


def shell_tree(source: bytes) -> Node | None:
    """The root of the tree; None when the grammar finds no way through the text in time."""
    return syntax_tree(source.replace(b"\0", b""), _LANGUAGE)  # NUL as the shell reads it: not at all
