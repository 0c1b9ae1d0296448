"""What expressions of a JavaScript program come to: literals, lists, objects, paths from ``__dirname``."""

import posixpath
from collections.abc import Callable, Mapping

from tree_sitter import Node

from ghostfix.scripts.js_value import Entry, Guess, Literal, Table
from ghostfix.scripts.node_call import arithmetic, called
from ghostfix.scripts.node_names import (
    Binding,
    Element,
    Expression,
    Module,
    Names,
    Parameter,
    Routine,
    handed_to,
)
from ghostfix.scripts.node_text import guessed, is_known, joined, member, settled, unknown
from ghostfix.scripts.node_tree import (
    FUNCTIONS,
    arguments_of,
    fragments,
    is_aside,
    line_of,
    nodes_within,
    plain_text,
    property_name,
)
from ghostfix.scripts.script import Scene
from ghostfix.scripts.syntax_tree import text_of

Given = Mapping[tuple[int, int], Literal]
"""What one call hands a function, by the function's node and the position (-1: an element of a list)."""

NOTHING_GIVEN: Given = {}
_STEPS = 50_000
_DEPTH = 60
_CONSTANTS: dict[str, Literal] = {"true": True, "false": False, "null": None, "undefined": None}
_HERE = frozenset({"import.meta.url", "import.meta.filename", "import.meta.path", "require.main.filename"})
_FOLDER = frozenset({"import.meta.dirname", "import.meta.dir", "require.main.path", "module.path"})


class Values:
    """The evaluator of one program. Its work is bounded: beyond that every value is unknown."""

    def __init__(self, names: Names, scene: Scene) -> None:
        self.names = names
        self.scene = scene
        self._steps = 0
        self._active: list[int] = []
        self._referred: dict[int, str] = {}
        self._kinds: dict[str, Callable[[Node, Given], Literal]] = {
            "string": lambda node, _: plain_text(node),
            "number": lambda node, _: _number(node),
            "template_string": lambda node, given: joined(self.parts(node, given), node),
            "array": self._list,
            "object": self._table,
            "identifier": lambda node, given: self._named(text_of(node), node, given),
            "member_expression": self._member,
            "subscript_expression": self._item,
            "binary_expression": self._operation,
            "augmented_assignment_expression": lambda node, given: guessed(self._operation(node, given)),
            "assignment_expression": lambda node, given: self.value(node.child_by_field_name("right"), given),
            "ternary_expression": self._choice,
            "unary_expression": self._sign,
            "call_expression": self._call,
            "new_expression": self._call,
            "parenthesized_expression": self._last,
            "await_expression": self._last,
            "sequence_expression": self._last,
        }

    def value(self, node: Node | None, given: Given = NOTHING_GIVEN) -> Literal:
        """The value of an expression."""
        self._steps += 1
        if node is None or node.id in self._active or len(self._active) > _DEPTH or self._steps > _STEPS:
            return unknown(node)
        if node.type in _CONSTANTS:
            return _CONSTANTS[node.type]
        evaluate = self._kinds.get(node.type)
        if evaluate is None:
            return unknown(node)
        self._active.append(node.id)
        found = evaluate(node, given)
        self._active.pop()
        return found

    def parts(self, template: Node, given: Given) -> list[Literal]:
        """The parts of a template, one after the other."""
        return [part if isinstance(part, str) else self.value(part, given) for part in fragments(template)]

    def refers(self, node: Node | None, deep: int = 12) -> str:
        """What of a module a callee is: ``child_process.spawn``; a global's own name; empty when unknown."""
        if node is None or deep == 0:
            return ""
        if node.id not in self._referred:
            self._referred[node.id] = ""  # for a name that is set to itself
            self._referred[node.id] = self._reference(node, deep)
        return self._referred[node.id]

    def _reference(self, node: Node, deep: int) -> str:
        if node.type in ("identifier", "shorthand_property_identifier"):
            return self._name_refers(node, deep)
        if node.type in ("member_expression", "subscript_expression"):
            key = self._key(node)
            owner = self.refers(node.child_by_field_name("object"), deep - 1)
            return owner if key == "default" else f"{owner}.{key}" if owner and key else ""
        if node.type in ("parenthesized_expression", "await_expression", "sequence_expression"):
            inner = [child for child in node.named_children if not is_aside(child)]
            return self.refers(inner[-1], deep - 1) if inner else ""
        if node.type == "call_expression":
            return self._call_refers(node, deep)
        return text_of(node) if node.type in ("meta_property", "this") else ""

    def _name_refers(self, node: Node, deep: int) -> str:
        name = text_of(node)
        bindings = self.names.lookup(name, node)
        if not bindings:
            return name
        found = (self._bound_refers(binding, deep - 1) for binding in bindings)
        return next((each for each in found if each), "")

    def _bound_refers(self, binding: Binding, deep: int) -> str:
        source = binding.source
        base = ""
        if isinstance(source, Module):
            base = source.name
        elif isinstance(source, Expression):
            base = self.refers(source.node, deep)
        elif isinstance(source, Parameter):
            # ``import("x").then((x) => ...)``
            call = handed_to(self.names, source.function)
            function = None if call is None else call.child_by_field_name("function")
            if (
                function is not None
                and function.type == "member_expression"
                and self._key(function) == "then"
            ):
                base = self.refers(function.child_by_field_name("object"), deep)
        path = [str(part) for part in binding.path if part != "default"]
        return ".".join((base, *path)) if base else ""

    def _call_refers(self, call: Node, deep: int) -> str:
        function = call.child_by_field_name("function")
        arguments = arguments_of(call)
        if function is None or not arguments:
            return ""
        if function.type == "import" or text_of(function) == "require":
            return plain_text(arguments[0]).removeprefix("node:") if arguments[0].type == "string" else ""
        name = self.refers(function, deep - 1)
        if name.rpartition(".")[2] in ("promisify", "pify", "promisifyAll"):
            return self.refers(arguments[0], deep - 1)
        if name.endswith(".bind"):
            return name.removesuffix(".bind")
        if name.rpartition(".")[2] in ("$", "execa") and arguments[0].type == "object":
            return name  # with options of its own: ``$({ cwd })`...` ``
        return ""

    def _key(self, node: Node) -> str | None:
        if node.type == "member_expression":
            return property_name(node.child_by_field_name("property"))
        key = settled(self.value(node.child_by_field_name("index")))[0]
        return str(key) if isinstance(key, str | int) else None

    # names

    def _named(self, name: str, node: Node, given: Given) -> Literal:
        bindings = self.names.lookup(name, node)
        if not bindings:
            folder = posixpath.dirname(self.scene.file)
            here = {"__filename": self.scene.file, "__dirname": folder, "undefined": None}
            return here[name] if name == "undefined" or (name in here and self.scene.file) else unknown(node)
        values = [self.bound(binding, node, given) for binding in bindings]
        known = [value for value in values if is_known(value) and (value is not None or len(values) == 1)]
        value = (known[0] if len(bindings) == 1 else guessed(known[-1])) if known else unknown(node)
        return self._with_pushed(value, name, given)

    def bound(self, binding: Binding, node: Node, given: Given) -> Literal:
        """What a name is set to by one of its bindings."""
        source = binding.source
        value: Literal = unknown(node)
        if isinstance(source, Expression):
            value = self.value(source.node, given)
        elif isinstance(source, Element):
            if (source.of.id, -1) in given:
                value = given[source.of.id, -1]
            else:
                value = guessed(member(self.value(source.of, given), 0, node))
        elif isinstance(source, Parameter):
            value = given.get((source.function.id, source.index), value)
        for key in binding.path:
            value = member(value, key, node)
        if binding.default is not None and (not is_known(value) or value is None):
            return guessed(self.value(binding.default, given))
        return value

    def _with_pushed(self, value: Literal, name: str, given: Given) -> Literal:
        items, _ = settled(value)
        if not isinstance(items, tuple) or name not in self.names.pushed:
            return value
        added = (each for call in self.names.pushed[name] for each in arguments_of(call))
        return Guess((*items, *(self.value(each, given) for each in added if each.type != "spread_element")))

    def _member(self, node: Node, given: Given) -> Literal:
        name = self.refers(node)
        if name in ("process.execPath", "process.argv0"):
            return "node"
        if name == "process.env":
            entries = (Entry(each.name, Guess(each.value), 0) for each in self.scene.variables)
            return Table(tuple(entries))
        if name == "process.argv" and self.scene.arguments is not None:
            return ("node", self.scene.file, *self.scene.arguments)
        if name in _HERE and self.scene.file:
            return ("file://" if name.endswith("url") else "") + self.scene.file
        if name in _FOLDER and self.scene.file:
            return posixpath.dirname(self.scene.file)
        key = self._key(node)
        if key in ("pathname", "href"):
            return self.value(node.child_by_field_name("object"), given)
        set_to = self.names.members.get(text_of(node), ())
        values = [
            value for each in set_to if is_known(value := self.value(each, given)) and value is not None
        ]
        if values:
            return values[0] if len(set_to) == 1 else guessed(values[-1])
        return member(self.value(node.child_by_field_name("object"), given), key or "", node)

    def _item(self, node: Node, given: Given) -> Literal:
        key, _ = settled(self.value(node.child_by_field_name("index"), given))
        if not isinstance(key, str | int):
            return unknown(node)
        return member(self.value(node.child_by_field_name("object"), given), key, node)

    # what is put together

    def _last(self, node: Node, given: Given) -> Literal:
        inner = [child for child in node.named_children if not is_aside(child)]
        return self.value(inner[-1], given) if inner else unknown(node)

    def _list(self, node: Node, given: Given) -> Literal:
        items: list[Literal] = []
        for child in node.named_children:
            if child.type == "spread_element":
                inner, _ = settled(self._last(child, given))
                items += inner if isinstance(inner, tuple) else [unknown(child)]
            elif not is_aside(child):
                items.append(self.value(child, given))
        return tuple(items)

    def _table(self, node: Node, given: Given) -> Literal:
        entries: list[Entry] = []
        for child in node.named_children:
            if child.type == "pair":
                name = property_name(child.child_by_field_name("key"))
                value = child.child_by_field_name("value")
                if name is not None:
                    entries.append(Entry(name, self.value(value, given), line_of(child)))
            elif child.type == "shorthand_property_identifier":
                name = text_of(child)
                entries.append(Entry(name, self._named(name, child, given), line_of(child)))
            elif child.type == "spread_element":
                inner, _ = settled(self._last(child, given))
                entries += inner.entries if isinstance(inner, Table) else ()
        return Table(tuple(entries), line_of(node))

    def _choice(self, node: Node, given: Given) -> Literal:
        """One of two branches: the first of which anything is known."""
        ways = (node.child_by_field_name(each) for each in ("consequence", "alternative"))
        values = (self.value(way, given) for way in ways)
        return guessed(next((value for value in values if is_known(value)), unknown(node)))

    def _sign(self, node: Node, given: Given) -> Literal:
        value, _ = settled(self.value(node.child_by_field_name("argument"), given))
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type in "+-" and isinstance(value, int | float):
            return -value if operator.type == "-" else value
        return unknown(node)

    def _operation(self, node: Node, given: Given) -> Literal:
        left = self.value(node.child_by_field_name("left"), given)
        sign = node.child_by_field_name("operator")
        operator = "" if sign is None else text_of(sign).removesuffix("=") or "="
        if operator in ("||", "??", "&&"):
            # The left side is what counts when it is certain; else either may be.
            if operator != "&&" and is_known(left) and (left is not None and left != ""):
                return left
            return guessed(self.value(node.child_by_field_name("right"), given))
        right = self.value(node.child_by_field_name("right"), given)
        one, other = settled(left)[0], settled(right)[0]
        if isinstance(one, int | float) and isinstance(other, int | float):
            number = arithmetic(operator, one, other)
            return guessed(number) if isinstance(left, Guess) or isinstance(right, Guess) else number
        return joined((left, right), node) if operator == "+" else unknown(node)

    # calls

    def _call(self, node: Node, given: Given) -> Literal:
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        returned = None if function is None else self._returned(function, node, given)
        if returned is not None:
            return returned
        return called(node, self.refers(function), lambda each: self.value(each, given), self.scene)

    def _returned(self, function: Node, call: Node, given: Given) -> Literal:
        """What a function of the program gives back; None when it is none, or gives nothing that is known."""
        routine = self.routine(function)
        body = None if routine is None else routine.child_by_field_name("body")
        if routine is None or body is None:
            return None
        inner = {
            (routine.id, index): self.value(each, given) for index, each in enumerate(arguments_of(call))
        }
        if body.type != "statement_block":
            return self.value(body, {**given, **inner})
        own = [each for each in nodes_within(body) if each.type == "return_statement"]
        own = [
            each for each in own if next(a for a in self.names.above(each) if a.type in FUNCTIONS) == routine
        ]
        values = [self._last(each, {**given, **inner}) for each in own]
        known = [value for value in values if is_known(value) and value is not None]
        if not known:
            return None
        return known[0] if len(values) == 1 else guessed(known[0])

    def routine(self, callee: Node) -> Node | None:
        """The function of the program that a name stands for."""
        if callee.type != "identifier":
            return None
        for binding in self.names.lookup(text_of(callee), callee):
            if isinstance(binding.source, Routine) and not binding.path:
                return binding.source.node
            if isinstance(binding.source, Expression) and binding.source.node.type in FUNCTIONS:
                return binding.source.node
        return None


def _number(node: Node) -> Literal:
    digits = text_of(node).replace("_", "").removesuffix("n")
    try:
        return int(digits, 0)
    except ValueError:
        try:
            return float(digits)
        except ValueError:
            return unknown(node)
