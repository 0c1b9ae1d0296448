"""The syntax tree of a shell text."""

from functools import cache
from typing import TYPE_CHECKING

from ghostfix.scripts.syntax_tree import syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Language, Node


def shell_tree(source: bytes) -> "Node | None":
    """The root of the tree; None when the grammar finds no way through the text in time."""
    return syntax_tree(source.replace(b"\0", b""), _language())  # NUL as the shell reads it: not at all


@cache
def _language() -> "Language":
    """Loaded with the first script: the grammar costs as much as all that reads the scripts."""
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())
