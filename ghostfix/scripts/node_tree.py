"""The syntax tree of a JavaScript text, and small questions about its nodes.

TypeScript is read by the same grammar: what of it is no JavaScript becomes an error node.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from ghostfix.model.pattern import Pattern
from ghostfix.scripts.syntax_tree import syntax_tree, text_of

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_BRACKET = Pattern(rb"[(\[{]|[)\]}]")
_OPEN = b"([{"
_NESTED = 2_000
"""Brackets within brackets that are read: the parser recurses, and 10,000 of them end the process."""

FUNCTIONS = frozenset(
    {"function_declaration", "generator_function_declaration", "function_expression", "generator_function"}
    | {"arrow_function", "method_definition"}
)
_ESCAPE = Pattern(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def node_tree(source: bytes) -> "Node | None":
    """The root of the tree; None when the grammar finds no way through the text in time, or not safely."""
    return None if _is_too_deep(source) else syntax_tree(source, _language())


@cache
def _language() -> "Language":
    """Loaded with the first script that starts something: few machines need it."""
    import tree_sitter_javascript
    from tree_sitter import Language

    return Language(tree_sitter_javascript.language())


def _is_too_deep(source: bytes) -> bool:
    depth = 0
    for match in _BRACKET.finditer(source):
        depth = depth + 1 if match[0] in _OPEN else max(0, depth - 1)
        if depth > _NESTED:
            return True
    return False


def line_of(node: "Node") -> int:
    """The line, from 1, on which a node begins."""
    return node.start_point.row + 1


def nodes_within(node: "Node") -> "Iterator[Node]":
    """The node and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(here.named_children))


def plain_text(node: "Node") -> str:
    """The text that a string, or the literal part of a template, stands for."""
    return "".join(_fragment(child) for child in node.named_children)


def fragments(template: "Node") -> "Iterator[str | Node]":
    """The parts of a template: literal text, and the expressions between ``${`` and ``}``."""
    for child in template.named_children:
        if child.type == "template_substitution":
            yield from child.named_children[:1]
        else:
            yield _fragment(child)


def property_name(node: "Node | None") -> str | None:
    """The name of a property as it is written before a colon or behind a dot; None when it is computed."""
    if node is None or node.type == "computed_property_name":
        return None
    return plain_text(node) if node.type == "string" else text_of(node)


def arguments_of(call: "Node") -> "list[Node]":
    """The arguments of a call or of ``new``; a template that is called is its one argument."""
    given = call.child_by_field_name("arguments")
    if given is None:
        return []
    return (
        [given] if given.type == "template_string" else [c for c in given.named_children if not is_aside(c)]
    )


def is_aside(node: "Node") -> bool:
    """Whether it is a comment, or what the grammar could not read."""
    return node.type in ("comment", "ERROR")


def _fragment(node: "Node") -> str:
    text = text_of(node)
    return _ESCAPE.sub(_unescaped, text) if node.type == "escape_sequence" else text


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is not None:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""
    return "" if match[4] is not None else _LETTERS.get(match[5], match[5])
