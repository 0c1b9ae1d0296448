"""Loops of a shell script: which come round again, and how long they pause."""

import posixpath
from collections.abc import Sequence

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.scripts.shell_guards import nodes_within
from ghostfix.scripts.syntax_tree import text_of

_LOOPS = ("while_statement", "for_statement", "c_style_for_statement")
_CONSTANT = Pattern(r"true|:|\[+ *(1|true) *\]+|\(\( *1 *\)\)|sleep .*")
_FEEDS_FOR_EVER = Pattern(
    r"\b(tail\b.*-[a-zA-Z]*[fF]|inotifywait\b.*(-m|--monitor)|fswatch\b|journalctl\b.*-f)"
)


def conditions_of(node: Node) -> list[Node]:
    """The commands between ``while``, ``until`` or ``if`` and what they decide."""
    return [child for child in node.children_by_field_name("condition") if child.is_named]


def is_constant(node: Node) -> bool:
    """Whether a condition always holds: ``true``, ``:``, ``[ 1 ]``, ``sleep 5``."""
    return _CONSTANT.fullmatch(text_of(node).strip()) is not None


def comes_round(node: Node, *, endless: bool) -> bool:
    """Whether a loop goes on and on: it is endless, or it sleeps; one over a list that it reads does not."""
    conditions = conditions_of(node)
    if any(text_of(condition).lstrip().startswith(("read ", "IFS=")) for condition in conditions):
        return False
    return endless or bool(_pauses(node))


def feeds_for_ever(nodes: Sequence[Node]) -> bool:
    """Whether what comes before a loop in a pipeline never ends: ``tail -f``, ``inotifywait -m``."""
    return any(_FEEDS_FOR_EVER.search(text_of(node)) for node in nodes)


def pause_of(node: Node) -> Node | None:
    """The word that says how long a loop sleeps between its rounds."""
    pauses = _pauses(node)
    # The loop's own last pause is its period; those of inner loops wait for something.
    own = [pause for pause in pauses if not _in_inner_loop(pause, node)] or pauses
    body = node.child_by_field_name("body")
    own = [pause for pause in own if pause.parent is not None and pause.parent == body] or own
    arguments = own[-1].children_by_field_name("argument") if own else []
    return arguments[0] if arguments else None


def _pauses(node: Node) -> list[Node]:
    body = node.child_by_field_name("body")
    parts = [*conditions_of(node), *([body] if body is not None else [])]
    return [inner for part in parts for inner in nodes_within(part) if _is_sleep(inner)]


def _is_sleep(node: Node) -> bool:
    name = node.child_by_field_name("name") if node.type == "command" else None
    return name is not None and posixpath.basename(text_of(name)) in ("sleep", "usleep")


def _in_inner_loop(node: Node, loop: Node) -> bool:
    parent = node.parent
    while parent is not None and parent != loop:
        if parent.type in _LOOPS:
            return True
        parent = parent.parent
    return False
