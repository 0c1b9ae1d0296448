"""Where a shell command's input comes from and where its output goes."""

import re

from msgspec import structs
from tree_sitter import Node

from ghostfix.model.reading import Confidence
from ghostfix.scripts.shell_flow import Around
from ghostfix.scripts.shell_words import ShellState, Substitute, expand_all, expand_one
from ghostfix.scripts.syntax_tree import text_of

_TO_FILE = frozenset({">", ">>", "&>", "&>>", ">|"})


def redirected(node: Node, state: ShellState, around: Around, substitute: Substitute) -> Around:
    """What surrounds a command once one of its redirections is taken into account."""
    if node.type == "heredoc_redirect":
        for child in node.named_children:
            if child.type == "file_redirect":
                around = redirected(child, state, around, substitute)
        return structs.replace(around, stdin=document(node, state, substitute))
    if node.type == "herestring_redirect":
        words = [expand_one(child, state, substitute) for child in node.named_children]
        return structs.replace(around, stdin=words[0].text if words else None)
    descriptor = node.child_by_field_name("descriptor")
    destination = node.child_by_field_name("destination")
    written = {child.type for child in node.children if not child.is_named}
    if destination is None or not written & _TO_FILE:
        return around
    if descriptor is not None and text_of(descriptor) != "1":
        return around
    target = expand_one(destination, state, substitute)
    known = target.confidence is not Confidence.POSSIBLE
    return structs.replace(around, output=state.path(target.text) if known else None)


def document(node: Node, state: ShellState, substitute: Substitute) -> str:
    """The text of a here-document; as it stands when its mark is quoted."""
    bodies = [child for child in node.named_children if child.type == "heredoc_body"]
    marks = [child for child in node.named_children if child.type == "heredoc_start"]
    literal = any(text_of(mark)[:1] in ("'", '"', "\\") for mark in marks)
    return "".join(text_of(body) if literal else expand_one(body, state, substitute).text for body in bodies)


def written(node: Node, state: ShellState, stdin: str | None, substitute: Substitute) -> str | None:
    """The text that a part of a pipeline gives to the next one, when it is plain."""
    if node.type == "redirected_statement" and is_cat(node.child_by_field_name("body")):
        for redirect in node.children_by_field_name("redirect"):
            if redirect.type == "heredoc_redirect":
                return document(redirect, state, substitute)
        return None
    name = node.child_by_field_name("name") if node.type == "command" else None
    if name is None:
        return None
    arguments = node.children_by_field_name("argument")
    if text_of(name) == "cat" and not arguments:
        return stdin
    if text_of(name) not in ("echo", "printf"):
        return None
    words = expand_all(arguments, state, substitute)
    said = [word for word in words if not re.fullmatch(r"-[neE]+", word.text)]
    return " ".join(word.text for word in said).replace("\\n", "\n")


def is_cat(node: Node | None) -> bool:
    """Whether a command only passes on what it is fed."""
    return node is not None and text_of(node).strip() == "cat"
