"""The names of a JavaScript program: where each is declared, and what it is set to there.

Scopes are those of the language: ``let``, ``const`` and classes belong to their block, ``var`` and parameters
to their function, imports to the file.
"""

from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node

from ghostfix.scripts.node_tree import FUNCTIONS, arguments_of, is_aside, plain_text, property_name
from ghostfix.scripts.syntax_tree import text_of

_SCOPES = FUNCTIONS | {
    "program", "statement_block", "for_statement", "for_in_statement", "switch_body", "class_static_block",
    "catch_clause",
}  # fmt: skip
_BINDINGS = 20
"""Assignments of one name that are read."""
_DECLARED = frozenset({"function_declaration", "generator_function_declaration", "class_declaration"})


class Expression(Struct, frozen=True):
    """The value of an expression of the program."""

    node: Node


class Element(Struct, frozen=True):
    """One after the other of what an expression lists: ``for (const x of list)``."""

    of: Node


class Parameter(Struct, frozen=True):
    """What the callers of a function hand it; ``rest``: all from this position on."""

    function: Node
    index: int
    rest: bool = False


class Module(Struct, frozen=True):
    """A module that the program imports, ``node:`` taken away."""

    name: str


class Routine(Struct, frozen=True):
    """A function or a class."""

    node: Node


class Binding(Struct, frozen=True):
    """One thing that a name is set to: a source, and the way into it (``{ a: [x] }``)."""

    source: Expression | Element | Parameter | Module | Routine | None
    """None: set when the program runs."""
    path: tuple[str | int, ...] = ()
    default: Node | None = None


class Names:
    """The names of one program, looked up from the place where they are used."""

    def __init__(self, root: Node) -> None:
        self.nodes: list[Node] = []
        """Every node, in the order of the text."""
        self.members: dict[str, list[Node]] = {}
        """``this.command``, as it is written -> the expressions that it is set to."""
        self.pushed: dict[str, list[Node]] = {}
        """The calls of ``name.push(...)`` by the name of the list."""
        self._parents: dict[int, Node] = {}
        self._scopes: dict[int, int] = {root.id: root.id}
        """Of each node the scope around it."""
        self._declared: dict[tuple[int, str], list[Binding]] = {}
        self._assigned: dict[str, list[tuple[Node, Binding]]] = {}
        waiting = [root]
        while waiting:
            here = waiting.pop()
            self.nodes.append(here)
            children = here.named_children
            for child in children:
                self._parents[child.id] = here
                self._scopes[child.id] = here.id if here.type in _SCOPES else self._scopes[here.id]
            waiting.extend(reversed(children))
        for node in self.nodes:
            self._learn(node)
        for name, assigned in self._assigned.items():
            for place, binding in assigned:
                scope = self._scope_of(name, place)
                if scope is not None and len(self._declared[scope, name]) < _BINDINGS:
                    self._declared[scope, name].append(binding)

    def parent(self, node: Node) -> Node | None:
        return self._parents.get(node.id)

    def above(self, node: Node) -> Iterator[Node]:
        """What a node stands in, from the inside outwards."""
        parent = self.parent(node)
        while parent is not None:
            yield parent
            parent = self.parent(parent)

    def lookup(self, name: str, place: Node) -> tuple[Binding, ...]:
        """What a name may stand for at a place, its declaration first; empty when nothing declares it."""
        scope = self._scope_of(name, place)
        return () if scope is None else tuple(self._declared[scope, name])

    def _scope_of(self, name: str, place: Node) -> int | None:
        here = place.id
        while (here, name) not in self._declared:
            around = self._scopes.get(here, here)
            if around == here:
                return None
            here = around
        return here

    def _learn(self, node: Node) -> None:
        kind = node.type
        if kind == "variable_declarator":
            self._declarator(node)
        elif kind in _DECLARED:
            name = node.child_by_field_name("name")
            if name is not None:
                self._declare(text_of(name), self._scope(node), Binding(Routine(node)))
        elif kind == "import_statement":
            self._import(node)
        elif kind == "for_in_statement":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            operator = node.child_by_field_name("operator")
            if left is not None and right is not None:
                source = Element(right) if operator is not None and operator.type == "of" else None
                self._pattern(left, node, Binding(source))
        elif kind in ("assignment_expression", "augmented_assignment_expression"):
            self._assignment(node)
        elif kind == "catch_clause":
            parameter = node.child_by_field_name("parameter")
            if parameter is not None:
                self._pattern(parameter, node, Binding(None))
        elif kind == "field_definition":
            name, value = node.child_by_field_name("property"), node.child_by_field_name("value")
            if name is not None and value is not None:
                self.members.setdefault(f"this.{text_of(name)}", []).append(value)
        elif kind == "call_expression":
            self._push(node)
        if kind in FUNCTIONS:
            self._parameters(node)

    def _declarator(self, node: Node) -> None:
        pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        parent = self.parent(node)
        if pattern is None or parent is None:
            return
        is_var = parent.type == "variable_declaration"
        scope = self._scope(parent, FUNCTIONS | {"program"} if is_var else _SCOPES)
        binding = None if value is None else Binding(Expression(value))
        if binding is not None:
            self._pattern(pattern, scope, binding)
        elif pattern.type == "identifier":
            self._declared.setdefault((scope.id, text_of(pattern)), [])
        # TypeScript's ``const name: type = value``: the grammar takes the type for the name.
        before = node.prev_named_sibling
        if binding is not None and before is not None and before.type == "ERROR" and before.named_children:
            self._pattern(before.named_children[-1], scope, binding)

    def _import(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        if source is None:
            return
        module = Module(plain_text(source).removeprefix("node:"))
        scope = self._scope(node)
        for clause in (child for child in node.named_children if child.type == "import_clause"):
            for child in clause.named_children:
                if child.type == "identifier":
                    self._declare(text_of(child), scope, Binding(module, ("default",)))
                elif child.type == "namespace_import" and child.named_children:
                    self._declare(text_of(child.named_children[0]), scope, Binding(module))
                elif child.type == "named_imports":
                    for each in child.named_children:
                        self._import_name(each, scope, module)

    def _import_name(self, node: Node, scope: Node, module: Module) -> None:
        name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
        if name is not None:
            self._declare(text_of(alias or name), scope, Binding(module, (text_of(name),)))

    def _assignment(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return
        added = node if node.type == "augmented_assignment_expression" else right
        if left.type == "identifier":
            self._assigned.setdefault(text_of(left), []).append((node, Binding(Expression(added))))
        elif left.type == "member_expression":
            self.members.setdefault(text_of(left), []).append(added)

    def _push(self, node: Node) -> None:
        function = node.child_by_field_name("function")
        if function is None or function.type != "member_expression":
            return
        owner, method = function.child_by_field_name("object"), function.child_by_field_name("property")
        if (
            owner is not None
            and method is not None
            and owner.type == "identifier"
            and text_of(method) == "push"
        ):
            self.pushed.setdefault(text_of(owner), []).append(node)

    def _parameters(self, function: Node) -> None:
        single = function.child_by_field_name("parameter")
        given = function.child_by_field_name("parameters")
        parameters = [single] if single is not None else [] if given is None else given.named_children
        for index, each in enumerate(each for each in parameters if not is_aside(each)):
            rest = each.type == "rest_pattern"
            pattern = each.named_children[0] if rest and each.named_children else each
            self._pattern(pattern, function, Binding(Parameter(function, index, rest)))

    def _pattern(self, pattern: Node, scope: Node, binding: Binding) -> None:
        """Binds the names in a pattern, each with its way into the value."""
        kind = pattern.type
        if kind in ("identifier", "shorthand_property_identifier_pattern", "property_identifier"):
            way = (text_of(pattern),) if kind == "shorthand_property_identifier_pattern" else ()
            self._declare(
                text_of(pattern), scope, Binding(binding.source, (*binding.path, *way), binding.default)
            )
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
            if left is not None:
                self._pattern(left, scope, Binding(binding.source, binding.path, right))
        elif kind == "pair_pattern":
            key, value = (
                property_name(pattern.child_by_field_name("key")),
                pattern.child_by_field_name("value"),
            )
            if value is not None and key is not None:
                self._pattern(value, scope, Binding(binding.source, (*binding.path, key), binding.default))
        elif kind == "object_pattern":
            for child in pattern.named_children:
                self._pattern(child, scope, binding)
        elif kind == "array_pattern":
            for index, child in enumerate(pattern.named_children):
                self._pattern(child, scope, Binding(binding.source, (*binding.path, index), binding.default))
        elif kind == "rest_pattern":
            for child in pattern.named_children:
                self._pattern(child, scope, Binding(None))

    def _declare(self, name: str, scope: Node, binding: Binding) -> None:
        self._declared.setdefault((scope.id, name), []).append(binding)

    def _scope(self, node: Node, kinds: frozenset[str] = _SCOPES) -> Node:
        return next((each for each in self.above(node) if each.type in kinds), node)


def function_name(names: Names, function: Node) -> str | None:
    """By what name a function is called: its own, or that of the variable or property that it is set to."""
    own = function.child_by_field_name("name")
    if own is not None:
        return text_of(own)
    parent = names.parent(function)
    field = {"variable_declarator": "name", "pair": "key", "field_definition": "property"}.get(
        "" if parent is None else parent.type
    )
    if parent is None:
        return None
    if parent.type == "assignment_expression":
        left = parent.child_by_field_name("left")
        target = left if left is None or left.type == "identifier" else left.child_by_field_name("property")
        return None if target is None else text_of(target)
    target = None if field is None else parent.child_by_field_name(field)
    return None if target is None else property_name(target)


def handed_to(names: Names, function: Node) -> Node | None:
    """The call (or ``new``) whose argument a function, or a name, is; None when it is none."""
    parent = names.parent(function)
    call = None if parent is None or parent.type != "arguments" else names.parent(parent)
    return call if call is not None and function in arguments_of(call) else None
