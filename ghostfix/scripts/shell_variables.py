"""Assignments of a shell script: what is known of each variable after them."""

from collections import Counter

from tree_sitter import Node

from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import worst
from ghostfix.scripts.shell_guards import is_check, nodes_within
from ghostfix.scripts.shell_words import ShellState, Substitute, Word, expand_all, expand_one
from ghostfix.scripts.syntax_tree import text_of

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE


def count_assignments(root: Node) -> Counter[str]:
    """How often each variable is given a value: one that is given several is a guess."""
    counted: Counter[str] = Counter()
    own: set[int] = set()
    for node in nodes_within(root, functions=True):
        if node.type == "declaration_command" and node.children[0].type == "local":
            # A function's own variables are given anew by each call of it.
            own.update(child.id for child in node.named_children)
        elif node.type == "variable_assignment" and node.id not in own:
            name = node.child_by_field_name("name")
            if name is not None:
                counted[text_of(name)] += 1
    return counted


def own_assignments(node: Node, state: ShellState, substitute: Substitute) -> dict[str, Word]:
    """``A=1 command``: the variables of this command alone."""
    own = {}
    for child in node.named_children:
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if child.type == "variable_assignment" and name is not None and value is not None:
            own[text_of(name)] = expand_one(value, state, substitute)
    return own


def assign(
    node: Node, state: ShellState, substitute: Substitute, counted: Counter[str], sure: Confidence
) -> None:
    """An assignment, several, or ``export``, ``local``, ``declare``, ``unset`` and their kin."""
    if node.type == "unset_command":
        for child in node.named_children:
            state.variables.pop(text_of(child), None)
        return
    exports = node.children[0].type == "export" or "-x" in text_of(node)[:40].split()[:2]
    parts = node.named_children if node.type != "variable_assignment" else [node]
    for child in parts:
        name = child
        if child.type == "variable_assignment":
            name = child.child_by_field_name("name") or child
            several = counted[text_of(name)] > 1
            _assign_one(child, text_of(name), state, substitute, LIKELY if several else sure)
        if exports and name.type == "variable_name":
            state.exported.add(text_of(name))


def _assign_one(node: Node, name: str, state: ShellState, substitute: Substitute, sure: Confidence) -> None:
    value = node.child_by_field_name("value")
    adds = any(child.type == "+=" for child in node.children)
    if value is not None and value.type == "array":
        words = tuple(expand_all(value.named_children, state, substitute))
        state.arrays[name] = (*state.arrays.get(name, ()), *words) if adds else words
        return
    word = Word("") if value is None else expand_one(value, state, substitute)
    check = word.check
    if value is not None and not check and is_check(value, state):
        check = " ".join(text_of(value)[:400].split())
    if adds and name in state.variables:
        word = Word(state.variables[name].text + word.text, worst(LIKELY, word.confidence))
    if word.confidence is POSSIBLE and not check and "$(" in word.text:
        # Unknown by name, so that what stands in a command is ``$NAME``, not what it was made by.
        state.variables[name] = Word(f"${name}", POSSIBLE)
        return
    state.variables[name] = Word(word.text, worst(word.confidence, sure), check)
