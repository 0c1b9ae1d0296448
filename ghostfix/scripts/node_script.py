"""Node scripts: the commands that they run, read from their syntax tree.

``child_process`` under whatever names it is imported, ``execa``, ``cross-spawn``, ``zx`` and their kin, with
words as far as they are constant or put together from constants. A function is read with the arguments of
each of its calls. What is taken from ``child_process`` and handed on is not followed, and that is said.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.scripts.js_value import Literal, Table
from ghostfix.scripts.node_around import Surroundings
from ghostfix.scripts.node_call import resolved
from ghostfix.scripts.node_names import Expression, Names, handed_to
from ghostfix.scripts.node_programs import HANDED_ON, PROGRAMS, Form, folder_of, run_of
from ghostfix.scripts.node_text import as_text, guessed, settled
from ghostfix.scripts.node_tree import (
    FUNCTIONS,
    arguments_of,
    is_aside,
    line_of,
    node_tree,
    plain_text,
    property_name,
)
from ghostfix.scripts.node_value import NOTHING_GIVEN, Given, Values
from ghostfix.scripts.script import SIZE_LIMIT, Command, Scene, Script, worst
from ghostfix.scripts.syntax_tree import text_of

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_STARTS = Pattern(
    rb"child_process|execa|cross-spawn|shelljs|zx|\$|Bun\b|bun\b|Deno|pm2|tinyexec|nano-spawn|cluster"
    rb"|\b(?:spawn|exec|execFile|fork)(?:Sync)?\s*\("
)
"""No program is started without one of these; most of Node's programs are long, and have none."""
_CALLS = 500
_WAYS = 10
_MOVES = 100
_EACH = frozenset({"forEach", "map", "flatMap", "filter", "every", "some"})
_HARMLESS = frozenset({"binary_expression", "unary_expression", "if_statement", "ERROR"})
_WAYS_ON = frozenset(
    {"member_expression", "subscript_expression", "await_expression", "parenthesized_expression"}
    | {"sequence_expression"}
)
_DECLARING = frozenset(
    {"import_specifier", "import_clause", "namespace_import", "pair_pattern", "object_pattern"}
)


def read_node(source: bytes, scene: Scene) -> Script:
    """The commands that a Node program starts, in the order of the text."""
    problem = None if len(source) <= SIZE_LIMIT else f"only its first {SIZE_LIMIT} bytes were read"
    cut = source[:SIZE_LIMIT]
    if _STARTS.search(cut) is None:
        return Script(commands=(), problem=problem)
    root = node_tree(cut)
    if root is None:
        return Script(commands=(), problem="it could not be understood in reasonable time")
    reader = _Reader(root, cut, scene)
    commands = reader.commands()
    return Script(commands=commands, problem=problem or reader.problem)


class _Reader:
    def __init__(self, root: Node, source: bytes, scene: Scene) -> None:
        self.problem: str | None = None
        self._names = Names(root)
        self._scene = scene
        self._values = Values(self._names, scene)
        self._lines = source.decode(errors="backslashreplace").split("\n")
        self._around = Surroundings(self._values, self._lines)
        self._sure = LIKELY if root.has_error else CERTAIN
        self._folders = tuple(self._moves())

    def commands(self) -> tuple[Command, ...]:
        """Every command once for each way of words that it may have; notes what could not be followed."""
        found: dict[tuple[int, tuple[str, ...], str | None], Command] = {}
        count = 0
        for node in self._names.nodes:
            if node.type not in ("call_expression", "new_expression"):
                continue
            callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
            name = self._values.refers(callee)
            form = PROGRAMS.get(name) or self._unbound(callee, name)
            if form is None:
                continue
            count += 1
            if count > _CALLS:
                self.problem = f"only its first {_CALLS} calls were read"
                break
            for command in self._of_call(node, name, form):
                found.setdefault((command.line, command.words, command.cwd), command)
        self.problem = self.problem or self._not_followed()
        return tuple(found.values())

    def _unbound(self, callee: Node | None, name: str) -> Form | None:
        """A name that the text does not bind: it may be of ``child_process`` where part could not be read.

        In ``node -e`` the modules of Node are names of their own, and in ``zx`` scripts ``$`` is.
        """
        if callee is None or callee.type != "identifier" or self._names.lookup(name, callee):
            return None
        return Form.TEMPLATE if name == "$" else PROGRAMS.get(f"child_process.{name}")

    def _of_call(self, call: Node, name: str, form: Form) -> Iterator[Command]:
        functions = [each for each in self._names.above(call) if each.type in FUNCTIONS]
        if not all(self._around.is_called(each) for each in functions):
            return
        for given in self._ways(call):
            command = self._command(call, name, form, given)
            if command is not None:
                yield command

    def _command(self, call: Node, name: str, form: Form, given: Given) -> Command | None:
        run = run_of(call, form, lambda node: self._values.value(node, given))
        if run is None or not run.words[0]:
            return None
        line = line_of(call)
        parent = self._names.parent(call)
        waits = name.endswith(("Sync", "sync")) or (parent is not None and parent.type == "await_expression")
        return Command(
            words=run.words,
            line=line,
            text=self._lines[line - 1].strip(),
            file=self._scene.file,
            confidence=worst(self._sure, run.confidence),
            cwd=folder_of(run, self._folder(call), call),
            loop=self._around.loop(call),
            guard=self._around.guard(call),
            background=not waits,
            output=self._output(call),
            variables=self._variables(run.options),
        )

    # what a function is called with

    def _ways(self, node: Node, deep: int = 3) -> list[Given]:
        """What the functions and loops around a node are given, once for each way to come to it."""
        ways: list[Given] = [NOTHING_GIVEN]
        if deep == 0:
            return ways
        for around in self._names.above(node):
            more: Sequence[Given] = ()
            if around.type in FUNCTIONS:
                more = self._given(around, deep)
            elif around.type == "for_in_statement":
                listed = around.child_by_field_name("right")
                if listed is not None and node.start_byte >= listed.end_byte:
                    more = [{(listed.id, -1): each} for each in self._items(listed, deep)]
            both: list[Given] = [{**way, **each} for way in ways for each in more]
            ways = both[:_WAYS] or ways
        return ways

    def _given(self, function: Node, deep: int) -> list[Given]:
        call = handed_to(self._names, function)
        callee = None if call is None else call.child_by_field_name("function")
        if callee is not None and callee.type == "member_expression":
            method, listed = callee.child_by_field_name("property"), callee.child_by_field_name("object")
            if method is not None and listed is not None and text_of(method) in _EACH:
                return [{(function.id, 0): each} for each in self._items(listed, deep)]
        rest = _rest_index(function)
        found: list[Given] = []
        for site in islice(self._around.calls(function), _WAYS):
            outer = self._ways(site, deep - 1)[0]
            values = [self._values.value(each, outer) for each in arguments_of(site)]
            given: dict[tuple[int, int], Literal] = {
                (function.id, i): value for i, value in enumerate(values)
            }
            if rest is not None:
                given[function.id, rest] = tuple(values[rest:])
            found.append(given)
        return found

    def _items(self, listed: Node, deep: int) -> Sequence[Literal]:
        items, sure = settled(self._values.value(listed, self._ways(listed, deep - 1)[0]))
        if not isinstance(items, tuple):
            return ()
        return items[:_WAYS] if sure is CERTAIN else tuple(guessed(each) for each in items[:_WAYS])

    # what a command is given

    def _folder(self, call: Node) -> str | None:
        """The working directory at a call: the program's own, or that of the ``process.chdir`` before it."""
        return next((folder for start, folder in reversed(self._folders) if start < call.start_byte), None)

    def _moves(self) -> Iterator[tuple[int, str | None]]:
        """From which byte of the text on the program is in which folder."""
        folder = self._scene.cwd
        yield -1, folder
        calls = (node for node in self._names.nodes if node.type == "call_expression")
        moves = (
            n for n in calls if self._values.refers(n.child_by_field_name("function")) == "process.chdir"
        )
        for node in islice(moves, _MOVES):
            arguments = [self._values.value(each) for each in arguments_of(node)]
            text, sure = as_text(resolved(arguments, node, folder))
            folder = None if sure is POSSIBLE else text
            yield node.start_byte, folder

    def _output(self, call: Node) -> str | None:
        """The file of ``stdio: ["ignore", fs.openSync(path, "a")]``, written there or bound to a name."""
        for options in (each for each in arguments_of(call) if each.type == "object"):
            for pair in (each for each in options.named_children if each.type == "pair"):
                value = pair.child_by_field_name("value")
                if property_name(pair.child_by_field_name("key")) == "stdio" and value is not None:
                    return self._opened(value.named_children[1:2]) if value.type == "array" else None
        return None

    def _opened(self, nodes: Sequence[Node]) -> str | None:
        for node in nodes:
            if node.type == "identifier":
                bindings = self._names.lookup(text_of(node), node)
                sources = [each.source for each in bindings if isinstance(each.source, Expression)]
                return self._opened([each.node for each in sources])
            name = self._values.refers(node.child_by_field_name("function"))
            if name in ("fs.openSync", "fs.createWriteStream") and arguments_of(node):
                path = resolved([self._values.value(arguments_of(node)[0])], node, self._scene.cwd)
                text, sure = as_text(path)
                return None if sure is POSSIBLE else text
        return None

    def _variables(self, options: Table) -> tuple[Variable, ...]:
        """The program's own environment, and what of ``env`` is known."""
        given = settled(options.get("env"))[0]
        known = {each.name: each.value for each in self._scene.variables}
        for entry in given.entries if isinstance(given, Table) else ():
            text, sure = as_text(entry.value)
            if sure is not POSSIBLE:
                known[entry.name] = text
        return tuple(Variable(name, value) for name, value in known.items())

    # what is handed on

    def _not_followed(self) -> str | None:
        """Where something of ``child_process`` goes that is neither a call nor another name for it."""
        lines = sorted({line_of(node) for node in self._names.nodes if self._is_handed_on(node)})
        if not lines:
            return None
        more = f", and {len(lines) - 1} more like it" if len(lines) > 1 else ""
        return f"could not follow what line {lines[0]} starts: {self._lines[lines[0] - 1].strip()}{more}"

    def _is_handed_on(self, node: Node) -> bool:
        if node.type == "export_statement":
            source = node.child_by_field_name("source")
            return source is not None and plain_text(source).removeprefix("node:") == "child_process"
        if node.type not in ("identifier", "shorthand_property_identifier", "call_expression"):
            return False
        if not self._values.refers(node).startswith("child_process") or self._is_declared(node):
            return False
        whole, parent = node, self._names.parent(node)
        while parent is not None and parent.type in _WAYS_ON:
            whole, parent = parent, self._names.parent(parent)
        name = self._values.refers(whole)
        if parent is None or (name and name not in (*HANDED_ON, "child_process")):
            return False
        return not self._is_understood(whole, parent, name)

    def _is_declared(self, node: Node) -> bool:
        """Whether a name stands there to be given its meaning."""
        if node.type == "call_expression":
            return False
        parent = self._names.parent(node)
        fields = ("name", "parameter")
        return (
            parent is None
            or parent.type in _DECLARING
            or any(parent.child_by_field_name(field) == node for field in fields)
        )

    def _is_understood(self, node: Node, parent: Node, name: str) -> bool:
        if parent.type in _HARMLESS or parent.type == "expression_statement":
            return True
        if parent.type == "variable_declarator":
            return True  # another name for it
        if parent.type == "assignment_expression":
            left = parent.child_by_field_name("left")
            return left is not None and left.type == "identifier"
        if parent.type in ("call_expression", "new_expression"):
            return name in PROGRAMS
        call = handed_to(self._names, node)
        return call is not None and self._values.refers(call).startswith("child_process")


def _rest_index(function: Node) -> int | None:
    given = function.child_by_field_name("parameters")
    kinds = [] if given is None else [each.type for each in given.named_children if not is_aside(each)]
    return kinds.index("rest_pattern") if "rest_pattern" in kinds else None
