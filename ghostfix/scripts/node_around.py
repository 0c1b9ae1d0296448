"""What surrounds a call in a JavaScript program: a loop that comes round to it, a check that comes first."""

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.scripts.node_names import Expression, function_name, handed_to
from ghostfix.scripts.node_text import settled
from ghostfix.scripts.node_tree import (
    FUNCTIONS,
    arguments_of,
    line_of,
    nodes_within,
    plain_text,
    property_name,
)
from ghostfix.scripts.node_value import Values
from ghostfix.scripts.script import Loop
from ghostfix.scripts.syntax_tree import text_of

_STEPS = 5_000
"""Places of calls that are read: functions may call each other in any number of ways."""
_LOOPS = frozenset({"while_statement", "do_statement", "for_statement", "for_in_statement"})
_EVENTS = frozenset({"exit", "close", "error", "disconnect", "end"})
_LISTENS = frozenset({"on", "once", "addListener", "addEventListener"})
_TIMERS = frozenset({"setTimeout", "setImmediate", "nextTick", "then", "catch", "finally", "queueMicrotask"})
_REPEATS = frozenset({"setInterval", "schedule", "scheduleJob", "CronJob", "Cron"})
_PAUSES = Pattern(r"sleep|delay|wait|pause|setTimeout", re.IGNORECASE)
_CHECKS = Pattern(
    r"\b\w*(running|alive|health|status|pid|check|is_?up\b|pgrep|pidof|exitcode|existssync|\bps\b|lsof|connect|fetch"
    r"|axios|http\.get|kill\([^()]*, *0\))\w*",
    re.IGNORECASE,
)


class Surroundings:
    """Answers for one program, whose functions are known by name."""

    def __init__(self, values: Values, lines: Sequence[str]) -> None:
        self._values = values
        self._names = values.names
        self._lines = lines
        self._references: dict[str, list[Node]] = {}
        self._steps = 0
        for node in self._names.nodes:
            if node.type in ("identifier", "property_identifier", "shorthand_property_identifier"):
                self._references.setdefault(text_of(node), []).append(node)

    # who calls what

    def references(self, function: Node) -> Iterator[Node]:
        """Where a function is named, its own declaration and body left out."""
        name = function_name(self._names, function)
        for node in self._references.get(name or "", ()):
            if not self._is_declaration(node, function) and not _contains(function, node):
                yield node

    def is_called(self, function: Node) -> bool:
        """Whether anything of the program, or of another one, may call it."""
        name = function_name(self._names, function)
        if name is None or name == "constructor" or handed_to(self._names, function) is not None:
            return True
        if any(each.type == "export_statement" for each in self._names.above(function)):
            return True
        parent = self._names.parent(function)
        is_property = parent is not None and parent.type in ("pair", "assignment_expression", "object")
        return is_property or next(self.references(function), None) is not None

    def calls(self, function: Node) -> Iterator[Node]:
        """The calls of a function that hand it something."""
        for reference in self.references(function):
            parent = self._names.parent(reference)
            callee = reference
            if parent is not None and parent.type == "member_expression":
                callee, parent = parent, self._names.parent(parent)
            if parent is not None and _called(parent) == callee and arguments_of(parent):
                yield parent

    def _is_declaration(self, node: Node, function: Node) -> bool:
        parent = self._names.parent(node)
        if parent is None or parent == function:
            return True
        fields = {"variable_declarator": "name", "pair": "key", "field_definition": "property"}
        field = fields.get(parent.type)
        return field is not None and parent.child_by_field_name(field) == node

    # loops

    def loop(self, node: Node, seen: tuple[int, ...] = ()) -> Loop | None:
        """What comes round to this node again, in its function or by calling that."""
        below = node
        self._steps += 1
        if self._steps > _STEPS:
            return None
        for parent in self._names.above(node):
            if parent.type in _LOOPS and self._comes_round(parent):
                return self._made(parent, self._pause(parent))
            if parent.type == "call_expression" and below != parent.child_by_field_name("function"):
                repeated = self._repeated(parent)
                if repeated is not None:
                    return repeated
            if parent.type in FUNCTIONS and function_name(self._names, parent) is not None:
                return None if parent.id in seen else self._called_again(parent, (*seen, parent.id))
            below = parent
        return None

    def _called_again(self, function: Node, seen: tuple[int, ...]) -> Loop | None:
        """A function that a timer or an event of its own calls again, or that a loop calls."""
        name = function_name(self._names, function)
        inside = (n for n in self._references.get(name or "", ()) if _contains(function, n))
        for node in inside:
            if not self._is_declaration(node, function):
                again = self._by_itself(node, function)
                if again is not None:
                    return again
        loops = (self.loop(node, seen) for node in self.references(function))
        return next((loop for loop in loops if loop is not None), None)

    def _by_itself(self, node: Node, function: Node) -> Loop | None:
        """``setTimeout(start, 5000)`` within ``start``, or a call of it in ``on("exit", ...)``."""
        interval: float | None = None
        found: Node | None = None
        for parent in self._names.above(node):
            if parent == function:
                break
            if parent.type != "call_expression":
                continue
            if self._callee(parent) in _TIMERS or self._repeated(parent) is not None:
                found = parent
                interval = self._milliseconds(parent) if interval is None else interval
        return None if found is None else self._made(found, interval)

    def _repeated(self, call: Node) -> Loop | None:
        """``setInterval(...)``, a schedule, or a listener for the end of something other than itself."""
        name = self._callee(call)
        if name in _REPEATS:
            return self._made(call, self._milliseconds(call) if name == "setInterval" else None)
        arguments = arguments_of(call)
        if name not in _LISTENS or not arguments or arguments[0].type != "string":
            return None
        function = call.child_by_field_name("function")
        owner = None if function is None else function.child_by_field_name("object")
        is_own_end = owner is not None and text_of(owner) == "process"
        return self._made(call, None) if plain_text(arguments[0]) in _EVENTS and not is_own_end else None

    def _comes_round(self, loop: Node) -> bool:
        if loop.type == "for_in_statement":
            right = loop.child_by_field_name("right")
            return (
                right is not None and right.type == "call_expression" and self._callee(right) == "setInterval"
            )
        condition = loop.child_by_field_name("condition")
        if condition is None or condition.type == "empty_statement":
            return loop.type == "for_statement"
        if settled(self._values.value(condition))[0] in (True, 1) and loop.type != "for_statement":
            return True
        return self._pause_call(loop) is not None and loop.type != "for_statement"

    def _pause_call(self, loop: Node) -> Node | None:
        calls = (node for node in nodes_within(loop) if node.type == "call_expression")
        return next((node for node in calls if _PAUSES.search(self._callee(node))), None)

    def _pause(self, loop: Node) -> float | None:
        call = (
            loop.child_by_field_name("right") if loop.type == "for_in_statement" else self._pause_call(loop)
        )
        return None if call is None else self._milliseconds(call)

    def _milliseconds(self, call: Node) -> float | None:
        """The first number that a call is given, in seconds."""
        values = (settled(self._values.value(each))[0] for each in arguments_of(call))
        return next(
            (each / 1000 for each in values if isinstance(each, int | float) and each is not True), None
        )

    def _callee(self, call: Node) -> str:
        function = call.child_by_field_name("function")
        if function is not None and function.type == "member_expression":
            return property_name(function.child_by_field_name("property")) or ""
        return "" if function is None else text_of(function)

    def _made(self, node: Node, interval: float | None) -> Loop:
        line = line_of(node)
        return Loop(line=line, text=self._lines[line - 1].strip(), interval=interval)

    # checks

    def guard(self, node: Node, seen: tuple[int, ...] = ()) -> str:
        """The check that comes before this node, or before a call of its function."""
        below = node
        self._steps += 1
        if self._steps > _STEPS:
            return ""
        for parent in self._names.above(node):
            check = self._check(parent, below)
            if check:
                return check
            if parent.type in FUNCTIONS and function_name(self._names, parent) is not None:
                if parent.id in seen:
                    return ""
                guards = (self.guard(each, (*seen, parent.id)) for each in self.references(parent))
                return next((guard for guard in guards if guard), "")
            below = parent
        return ""

    def _check(self, node: Node, below: Node) -> str:
        if node.type in ("if_statement", "ternary_expression"):
            condition = node.child_by_field_name("condition")
            if condition is not None and condition != below and self._checks_running(condition):
                return _one_line(f"if {text_of(condition)}")
        elif node.type == "binary_expression" and node.child_by_field_name("right") == below:
            left = node.child_by_field_name("left")
            return _one_line(text_of(left)) if left is not None and self._checks_running(left) else ""
        elif node.type == "statement_block" or node.type == "program":
            return self._left_before(node, below)
        elif node.type == "arguments" and below.type in FUNCTIONS:
            call = self._names.parent(node)
            before = "" if call is None else self._lines[line_of(call) - 1].strip()
            if call is not None and self._callee(call) not in _REPEATS | {"forEach", "map"}:
                text = text_of(call)[: below.start_byte - call.start_byte]
                return before if _CHECKS.search(text) and not _LISTENING.search(text) else ""
        return ""

    def _left_before(self, block: Node, below: Node) -> str:
        """``if (running) return;`` above a statement of the same block."""
        for statement in block.named_children:
            if statement == below:
                return ""
            condition = statement.child_by_field_name("condition")
            consequence = statement.child_by_field_name("consequence")
            if statement.type != "if_statement" or condition is None or consequence is None:
                continue
            leaves = any(
                each.type in ("return_statement", "continue_statement") for each in nodes_within(consequence)
            )
            if (leaves or "process.exit(" in text_of(consequence)) and self._checks_running(condition):
                return _one_line(f"if {text_of(condition)}")
        return ""

    def _checks_running(self, condition: Node) -> bool:
        """Whether a condition asks whether something runs, itself or by a name that holds the answer."""
        if _CHECKS.search(text_of(condition)):
            return True
        named = (node for node in nodes_within(condition) if node.type == "identifier")
        bindings = (each for node in named for each in self._names.lookup(text_of(node), node))
        answers = (each.source.node for each in bindings if isinstance(each.source, Expression))
        return any(
            node.type not in FUNCTIONS and _CHECKS.search(text_of(node)[:2000]) is not None
            for node in answers
        )


_LISTENING = Pattern(r"\.(?:on|once|listen)\(\s*['\"]?\w*$|setInterval|\.listen\(")


def _called(call: Node) -> Node | None:
    return call.child_by_field_name("function") or call.child_by_field_name("constructor")


def _contains(outer: Node, inner: Node) -> bool:
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _one_line(text: str) -> str:
    return " ".join(text.split())
