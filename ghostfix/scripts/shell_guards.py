"""What in a shell script checks whether something runs, and what a condition comes to when that is known."""

import posixpath
import re
from collections.abc import Callable, Iterator
from operator import eq, ge, gt, le, lt, ne

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.scripts.manager_command import only_scans
from ghostfix.scripts.shell_words import ShellState, Substitute, Word, expand_all
from ghostfix.scripts.syntax_tree import text_of

_CHECKERS = frozenset(
    (
        "pgrep",
        "pidof",
        "ps",
        "curl",
        "wget",
        "http",
        "nc",
        "ncat",
        "netcat",
        "lsof",
        "ss",
        "netstat",
        "fuser",
        "flock",
        "lockfile",
        "lockf",
        "jps",
        "drill",
        "dig",
        "pg_isready",
        "redis-cli",
        "mysqladmin",
    )
)
_PID_FILE = Pattern(r"pid|lock|/proc/", re.IGNORECASE)
_VARIABLE = Pattern(r"\$\{?([A-Za-z_]\w*)")
_LOCK = Pattern(r"lock", re.IGNORECASE)
_OPERATORS: dict[str, Callable[[str, str], bool]] = {"=": eq, "==": eq, "!=": ne}
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": eq, "-ne": ne, "-gt": gt, "-ge": ge, "-lt": lt, "-le": le
}  # fmt: skip


def nodes_within(node: Node, *, functions: bool = False) -> Iterator[Node]:
    """The node and all below it, in the order of the text; bodies of functions only when asked for."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        if here.type != "function_definition" or functions or here is node:
            waiting.extend(reversed(here.named_children))


def is_check(node: Node, state: ShellState, last: str = "", deep: int = 3) -> bool:
    """Whether it checks whether something runs, itself or by a function that it calls.

    ``last`` is the check whose exit status ``$?`` holds, if any.
    """
    for inner in nodes_within(node):
        if inner.type == "command" and _command_checks(inner, state, deep):
            return True
        if inner.type == "test_command" and _test_checks(text_of(inner), state, last):
            return True
    return False


def _command_checks(node: Node, state: ShellState, deep: int) -> bool:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return False
    name = posixpath.basename(text_of(name_node))
    arguments = [text_of(child) for child in node.children_by_field_name("argument")]
    if name in _CHECKERS:
        return True
    if name == "test":
        return _test_checks(" ".join(arguments), state, "")
    if name == "mkdir":
        return any(_LOCK.search(argument) for argument in arguments)
    if name == "kill":
        return "-0" in arguments
    if name.startswith(("$", "/etc/init.d/")):
        return "status" in arguments
    if only_scans(name, [argument.strip("\"'") for argument in arguments], state.managers):
        return True
    if name in state.functions and deep > 0:
        return is_check(state.functions[name][0], state, deep=deep - 1)
    return False


def _test_checks(text: str, state: ShellState, last: str) -> bool:
    if "$?" in text and last:
        return True
    if re.search(r"(^|\s)-[efsrd]\s", text) and _PID_FILE.search(text):
        return True
    return any(
        name in state.variables and state.variables[name].check for name in _VARIABLE.compiled.findall(text)
    )


def decided(node: Node, state: ShellState, substitute: Substitute) -> bool | None:
    """What a condition comes to when all in it is certain; None when it is not."""
    if node.type == "negated_command" and node.named_children:
        inner = decided(node.named_children[0], state, substitute)
        return None if inner is None else not inner
    if node.type == "list" and len(node.named_children) == 2:
        left, right = (decided(child, state, substitute) for child in node.named_children)
        if any(child.type == "&&" for child in node.children):
            return False if left is False or right is False else (True if left and right else None)
        return True if left or right else (False if left is False and right is False else None)
    if node.type == "test_command":
        inside = node.named_children
        return _compared(inside[0], state, substitute) if len(inside) == 1 else None
    if node.type == "command":
        return _plain_command(node, state, substitute)
    return None


def _plain_command(node: Node, state: ShellState, substitute: Substitute) -> bool | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    constant = {"true": True, ":": True, "false": False}.get(text_of(name))
    if constant is not None:
        return constant
    if text_of(name) != "test":
        return None
    words = expand_all(node.children_by_field_name("argument"), state, substitute)
    return _judged(words)


def _compared(node: Node, state: ShellState, substitute: Substitute) -> bool | None:
    if node.type == "number" or (node.type == "word" and text_of(node)):
        return True
    if node.type == "unary_expression" and node.child_count == 2:
        operator, operand = node.children
        if operator.type == "!":
            inner = _compared(operand, state, substitute)
            return None if inner is None else not inner
        return _judged([Word(text_of(operator)), *_single(operand, state, substitute)])
    if node.type == "binary_expression" and node.child_count == 3:
        left, operator, right = node.children
        if operator.type in ("&&", "||"):
            return None
        return _judged(
            [*_single(left, state, substitute), Word(text_of(operator)), *_single(right, state, substitute)]
        )
    return None


def _single(node: Node, state: ShellState, substitute: Substitute) -> list[Word]:
    words = expand_all([node], state, substitute)
    return words or [Word("")]


def _judged(words: list[Word]) -> bool | None:
    if any(word.confidence is not Confidence.CERTAIN or "*" in word.text for word in words):
        return None
    texts = [word.text for word in words]
    if len(texts) == 2 and texts[0] in ("-z", "-n"):
        return (texts[1] == "") is (texts[0] == "-z")
    if len(texts) != 3:
        return None
    left, operator, right = texts
    if operator in _OPERATORS:
        return _OPERATORS[operator](left, right)
    if operator in _NUMERIC and left.isdecimal() and right.isdecimal():
        return _NUMERIC[operator](int(left), int(right))
    return None
