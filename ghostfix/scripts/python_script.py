"""Python scripts: the commands that they run, read from their syntax tree.

``subprocess``, ``os.system``, ``os.exec*``, ``os.spawn*`` and ``asyncio``'s subprocesses, with words as
far as they are literal or put together from literals. A function is read with the arguments of each of its
calls.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.scripts.python_value import Names, Text, Value, Words, dotted, evaluate, guessed, text
from ghostfix.scripts.script import SIZE_LIMIT, Command, Loop, Scene, Script, worst

_RUNS = frozenset({"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"})
_SHELLS = frozenset({"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"})
_IMPORTED = frozenset(
    {
        "Popen",
        "check_call",
        "check_output",
        "create_subprocess_exec",
        "create_subprocess_shell",
        "run",
        "call",
        "system",
    }
)
# No program is started without such a call; most services are long, and have none.
_CALLS = Pattern(
    rb"(?:%s|exec\w*|spawn\w*|create_subprocess_\w+)[\s\\)]*\("
    % "|".join(sorted(_RUNS | _SHELLS | _IMPORTED)).encode()
)
_SLEEPS = frozenset({"sleep", "wait", "run_pending"})
_CHECKS = Pattern(
    r"\b\w*(running|alive|check|health|pgrep|pidof|status|poll|is_up|pid_exists|kill\(\w+, 0\)|process_iter"
    r"|connect_ex|urlopen|requests\.get|returncode)\w*",
    re.IGNORECASE,
)
# Called by others than the program's own text.
_CALLED_FROM_OUTSIDE = Pattern(r"__\w+__|main|run|on_\w+|do_[A-Z]+|handle\w*|emit|dispatch")
_CALL_LIMIT = 10
_ROW = "a row's value"

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_python(source: bytes, scene: Scene) -> Script:
    """The commands that a Python program starts, in the order of the text."""
    cut = source[:SIZE_LIMIT]
    try:
        with warnings.catch_warnings():
            # A program's own invalid escapes are not ours to complain about.
            warnings.simplefilter("ignore")
            tree = ast.parse(cut)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Script(commands=(), problem=f"Python would refuse it: {error}")
    if cut.isascii() and _CALLS.search(cut) is None:
        return Script(commands=())
    try:
        return Script(commands=tuple(_Reader(tree, cut, scene).commands()))
    except RecursionError:
        return Script(commands=(), problem="it is too deeply nested to be read")


class _Reader:
    def __init__(self, tree: ast.Module, source: bytes, scene: Scene) -> None:
        self._tree = tree
        self._lines = source.decode(errors="backslashreplace").splitlines()
        self._scene = scene
        self._parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self._functions = {
            node.name: node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self._references = self._find_references()
        self._names = self._module_names()

    def commands(self) -> list[Command]:
        found: list[Command] = []
        for call in (node for node in ast.walk(self._tree) if isinstance(node, ast.Call)):
            if not _starts(call) or self._is_shut(call):
                continue
            function = self._function_of(call)
            if function is None:
                found.extend(self._command(call, self._names))
            elif self._is_called(function):
                for names in self._bindings(function):
                    found.extend(self._command(call, names))
        unique = list(dict.fromkeys((command.line, command.words, command.cwd) for command in found))
        first = {key: next(c for c in found if (c.line, c.words, c.cwd) == key) for key in unique}
        return sorted(first.values(), key=lambda command: command.line)

    # names

    def _module_names(self) -> Names:
        names = Names(self._scene.file, self._scene.cwd, self._scene.home)
        for entry in self._scene.variables:
            names.bind(f"os.environ[{entry.name!r}]", Text(entry.value, Confidence.LIKELY))
        for node in ast.walk(self._tree):
            if self._function_of(node) is None or _assigns_attribute(node):
                self._learn(node, names)
        return names

    def _learn(self, node: ast.AST, names: Names) -> None:
        """Binds what an assignment, ``os.chdir`` or a dictionary's literal items give a name to."""
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _bind(target, node.value, names)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _bind(node.target, node.value, names)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            values = evaluate(node.iter, names)
            for word in values.words if isinstance(values, Words) else ():
                names.bind(node.target.id, word)
        elif isinstance(node, ast.Call) and dotted(node.func) == "os.chdir" and node.args:
            folder = text(node.args[0], names)
            names.cwd = names.path(folder.text) if folder.confidence is not Confidence.POSSIBLE else None

    def _bindings(self, function: Function, deep: int = 3) -> Iterator[Names]:
        """The names inside a function, once for each call of it with arguments that matter."""
        positional = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
        calls: list[ast.Call | None] = [
            node
            for node in self._references.get(function.name, ())
            if isinstance(node, ast.Call) and (node.args or node.keywords)
        ]
        for call in [call for call in calls if deep > 0][:_CALL_LIMIT] or [None]:
            names = self._names.within()
            self._bind_defaults(function, names)
            if call is not None:
                outer = self._function_of(call)
                around = self._names
                if outer is not None and outer is not function:
                    around = next(self._bindings(outer, deep - 1))
                own = positional[1:] if positional[:1] in (["self"], ["cls"]) else positional
                for name, value in zip(own, call.args, strict=False):
                    names.replace(name, evaluate(value, around))
                for keyword in call.keywords:
                    if keyword.arg is not None:
                        names.replace(keyword.arg, evaluate(keyword.value, around))
            for node in ast.walk(function):
                self._learn(node, names)
            yield names

    def _bind_defaults(self, function: Function, names: Names) -> None:
        arguments = [*function.args.posonlyargs, *function.args.args]
        with_default = arguments[len(arguments) - len(function.args.defaults) :]
        for argument, default in zip(with_default, function.args.defaults, strict=True):
            names.replace(argument.arg, evaluate(default, self._names))

    # who calls what

    def _find_references(self) -> dict[str, list[ast.AST]]:
        """Function name -> the calls of it, and the places that name it without calling."""
        found: dict[str, list[ast.AST]] = {}
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                if name in self._functions:
                    parent = self._parents.get(node)
                    called = isinstance(parent, ast.Call) and parent.func is node
                    found.setdefault(name, []).append(parent if called and parent is not None else node)
        return found

    def _is_called(self, function: Function) -> bool:
        if _CALLED_FROM_OUTSIDE.fullmatch(function.name) or function.decorator_list:
            return True
        return any(
            self._function_of(reference) is not function
            for reference in self._references.get(function.name, ())
        )

    def _is_shut(self, node: ast.AST, seen: Sequence[str] = ()) -> bool:
        """Whether the arguments with which the program is called lead past this node: ``ctl.py stop``."""
        child, parent = node, self._parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.If) and child is not parent.test:
                holds = self._holds(parent.test)
                if holds is not None and holds is not (child in parent.body):
                    return True
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                places = self._references.get(parent.name, ())
                inner = (*seen, parent.name)
                return (
                    parent.name not in seen and bool(places) and all(self._is_shut(p, inner) for p in places)
                )
            child, parent = parent, self._parents.get(parent)
        return False

    def _holds(self, test: ast.expr) -> bool | None:
        """Whether ``sys.argv[1] == "start"`` and its like hold; None for any other condition."""
        if self._scene.arguments is None or not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        given, wanted = self._argument(test.left), test.comparators[0]
        if given is None:
            return None
        values = wanted.elts if isinstance(wanted, ast.Tuple | ast.List | ast.Set) else [wanted]
        words = [value.value for value in values if isinstance(value, ast.Constant)]
        if len(words) != len(values) or not isinstance(test.ops[0], ast.Eq | ast.In):
            return None
        return given in words

    def _argument(self, node: ast.expr) -> str | None:
        """The value of ``sys.argv[N]``, also by a name that is given only that; None for anything else."""
        if isinstance(node, ast.Name):
            given = [
                each.value
                for each in ast.walk(self._tree)
                if isinstance(each, ast.Assign) and any(dotted(to) == node.id for to in each.targets)
            ]
            return self._argument(given[0]) if len(given) == 1 and given[0] is not node else None
        if not isinstance(node, ast.Subscript) or dotted(node.value) not in ("sys.argv", "argv"):
            return None
        at = node.slice.value if isinstance(node.slice, ast.Constant) else None
        arguments = self._scene.arguments or ()
        if not isinstance(at, int) or not 1 <= at <= len(arguments):
            return None
        return arguments[at - 1]

    def _function_of(self, node: ast.AST) -> Function | None:
        parent = self._parents.get(node)
        while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            parent = self._parents.get(parent)
        return parent

    # what surrounds a call

    def _loop(self, node: ast.AST, seen: Sequence[str] = ()) -> Loop | None:
        """The loop that comes round to this node again, in its function or around a call of it."""
        parent = self._parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.While | ast.For | ast.AsyncFor) and self._comes_round(parent):
                line = self._line(parent.lineno)
                return Loop(line=parent.lineno, text=line, interval=self._pause(parent))
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                if parent.name in seen:
                    return None
                places = self._references.get(parent.name, ())
                loops = (self._loop(place, (*seen, parent.name)) for place in places)
                return next((loop for loop in loops if loop is not None), None)
            parent = self._parents.get(parent)
        return None

    def _comes_round(self, node: ast.While | ast.For | ast.AsyncFor) -> bool:
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            return True
        if isinstance(node, ast.For) and "count(" in ast.unparse(node.iter):
            return True
        return isinstance(node, ast.While) and any(_is_pause(inner) for inner in ast.walk(node))

    def _pause(self, node: ast.AST) -> float | None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and _is_pause(inner) and inner.args:
                value = text(inner.args[0], self._names)
                if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.text):
                    return float(value.text)
        return None

    def _guard(self, node: ast.AST, seen: Sequence[str] = ()) -> str:
        """The condition around this node, or a call of its function, that checks whether something runs."""
        parent = self._parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.If) and _CHECKS.search(ast.unparse(parent.test)):
                return f"if {ast.unparse(parent.test)}"
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                if parent.name in seen:
                    return ""
                places = self._references.get(parent.name, ())
                return next(filter(None, (self._guard(place, (*seen, parent.name)) for place in places)), "")
            parent = self._parents.get(parent)
        return ""

    # commands

    def _command(self, call: ast.Call, names: Names) -> list[Command]:
        where = _keyword(call, "cwd")
        folder = None if where is None else text(where, names)
        cwd = names.cwd
        if folder is not None:
            cwd = None if folder.confidence is Confidence.POSSIBLE else names.path(folder.text)
        return [
            Command(
                words=tuple(word.text for word in words),
                line=call.lineno,
                text=self._line(call.lineno),
                file=self._scene.file,
                confidence=worst(*(word.confidence for word in words)),
                cwd=cwd,
                loop=self._loop(call),
                guard=self._guard(call),
                background=dotted(call.func).endswith(("Popen", "create_subprocess_exec")),
                output=self._output(call, names),
                variables=self._scene.variables,
            )
            for words in self._possible_words(call, names)
        ]

    def _possible_words(self, call: ast.Call, names: Names) -> list[tuple[Text, ...]]:
        """The words of a call; where they are an item of a table, ``service["cmd"]``, those of every row."""
        words = _words_of(call, names)
        key = _key(call.args[0]) if call.args else None
        if not words or key is None or words[-1].confidence is not Confidence.POSSIBLE:
            return [words] if words else []
        found = []
        for value in self._rows(key):
            inner = names.within()
            inner.replace(_ROW, guessed(value))
            row = ast.Call(func=call.func, args=[ast.Name(id=_ROW), *call.args[1:]], keywords=call.keywords)
            found.append(_words_of(row, inner))
        return found or [words]

    def _rows(self, key: str) -> list[Value]:
        """The values that dictionaries and keyword arguments of the program give to a key."""
        given: list[ast.expr] = []
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                given.extend(value for at, value in pairs if isinstance(at, ast.Constant) and at.value == key)
            elif isinstance(node, ast.keyword) and node.arg == key:
                given.append(node.value)
        values = (evaluate(value, self._names) for value in given)
        return [value for value in values if value is not None][:_CALL_LIMIT]

    def _output(self, call: ast.Call, names: Names) -> str | None:
        """The file of ``stdout=open(path, "a")``, written there or bound to a name."""
        given = _keyword(call, "stdout")
        if isinstance(given, ast.Call) and dotted(given.func) == "open" and given.args:
            path = text(given.args[0], names)
            return None if path.confidence is Confidence.POSSIBLE else names.path(path.text)
        return None

    def _line(self, number: int) -> str:
        return self._lines[number - 1].strip() if number <= len(self._lines) else ""


def _assigns_attribute(node: ast.AST) -> bool:
    """``self.command = [...]`` in a method counts for the whole program."""
    return isinstance(node, ast.Assign) and any(isinstance(target, ast.Attribute) for target in node.targets)


def _bind(target: ast.expr, value: ast.expr, names: Names) -> None:
    name = dotted(target)
    if not name:
        return
    if isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant):
                names.bind(f"{name}[{key.value!r}]", evaluate(item, names))
        return
    names.bind(name, evaluate(value, names))


def _key(node: ast.expr) -> str | None:
    """``cmd`` of ``service["cmd"]``, ``service.get("cmd")`` and ``service.cmd``."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.Call) and dotted(node.func).endswith(".get") and node.args:
        return str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else None
    return node.attr if isinstance(node, ast.Attribute) else None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_pause(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _SLEEPS


def _starts(call: ast.Call) -> bool:
    owner, _, name = dotted(call.func).rpartition(".")
    if owner in ("subprocess", "sp"):
        return name in _RUNS
    if owner == "os":
        return name in _SHELLS or name.startswith(("exec", "spawn", "posix_spawn"))
    if owner == "asyncio":
        return name.startswith("create_subprocess_")
    return not owner and name in _IMPORTED


def _words_of(call: ast.Call, names: Names) -> tuple[Text, ...]:
    name = dotted(call.func).rpartition(".")[2]
    given = call.args[0] if call.args else _keyword(call, "args")
    if given is None:
        return ()
    if name.startswith("create_subprocess_exec"):
        value = evaluate(ast.List(elts=list(call.args), ctx=ast.Load()), names)
        return value.words if isinstance(value, Words) else ()
    if name.startswith(("exec", "spawn", "posix_spawn")):
        return _exec_words(name, call, names)
    value = evaluate(given, names)
    shell = _keyword(call, "shell")
    if name in _SHELLS or (isinstance(shell, ast.Constant) and shell.value is True):
        line = value.words[0] if isinstance(value, Words) and value.words else text(given, names)
        return (Text("/bin/sh"), Text("-c"), line)
    if isinstance(value, Words):
        return value.words
    return (text(given, names),)


def _exec_words(name: str, call: ast.Call, names: Names) -> tuple[Text, ...]:
    """``os.execv(path, argv)``, ``os.execl(path, arg0, ...)``, ``os.spawnv(mode, path, argv)``."""
    args = call.args[1:] if name.startswith("spawn") else call.args
    if len(args) < 2:
        return ()
    given = evaluate(args[1], names)
    if name.startswith(("execl", "spawnl")):
        given = evaluate(ast.List(elts=list(args[1:]), ctx=ast.Load()), names)
    if not isinstance(given, Words):
        return ()
    return (text(args[0], names), *given.words[1:])
