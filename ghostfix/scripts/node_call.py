"""What calls of Node's own functions come to: paths, the working directory, joined and split texts."""

import math
import posixpath
from collections.abc import Callable, Sequence

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.scripts.js_value import Guess, Literal, Opaque, Table
from ghostfix.scripts.node_text import as_text, believed, guessed, joined, settled, unknown
from ghostfix.scripts.node_tree import arguments_of
from ghostfix.scripts.script import Scene, worst

Evaluate = Callable[[Node | None], Literal]
_PATH = Pattern(r"path(?:/posix|\.posix)?\.(\w+)")
_SAME = frozenset({"String", "Object.freeze", "Array.from", "structuredClone", "util.format", "Number"})
_SAME_METHODS = frozenset({"toString", "trim", "valueOf", "normalize", "slice", "flat"})


def called(call: Node, name: str, evaluate: Evaluate, scene: Scene) -> Literal:
    """The value of a call or of ``new``; ``name`` is what it calls, ``path.join``, as far as known."""
    arguments = [evaluate(each) for each in arguments_of(call)]
    path = _PATH.fullmatch(name)
    if path is not None:
        return _path(path[1], arguments, call, scene)
    if name == "process.cwd":
        return unknown(call) if scene.cwd is None else scene.cwd
    if name == "os.homedir":
        return unknown(call) if scene.home is None else Guess(scene.home)
    if name == "os.tmpdir":
        return Guess("/tmp")  # noqa: S108 - nothing is written: it is what Node answers
    if name in ("url.fileURLToPath", "require.resolve", "URL") and arguments:
        return _location(arguments, call, scene)
    if name in _SAME:
        return arguments[0] if len(arguments) == 1 else unknown(call)
    if name in ("Object.values", "Object.keys", "Object.entries") and arguments:
        return _items(name, arguments[0], call)
    if name.endswith(("which.sync", "which")) and arguments:
        return guessed(arguments[0])
    function = call.child_by_field_name("function")
    if function is not None and function.type == "member_expression":
        return _method(function, arguments, call, evaluate)
    return unknown(call)


def resolved(parts: Sequence[Literal], node: Node, cwd: str | None) -> Literal:
    """``path.resolve``: the parts behind the last absolute one, from the working directory otherwise."""
    texts = [as_text(part) for part in parts]
    last = max((index for index, (text, _) in enumerate(texts) if text.startswith(("/", "$"))), default=None)
    used = texts if last is None else texts[last:]
    sure = worst(*(sure for _, sure in used))
    if last is None and cwd is None:
        return unknown(node, posixpath.join(*(text for text, _ in used)) if used else "")
    path = posixpath.join(cwd or "/" if last is None else "", *(text for text, _ in used))
    return believed(posixpath.normpath(path), sure, node)


def _path(function: str, arguments: Sequence[Literal], call: Node, scene: Scene) -> Literal:
    if function == "resolve":
        return resolved(arguments, call, scene.cwd)
    texts = [as_text(each) for each in arguments]
    if not texts:
        return unknown(call)
    sure = worst(*(sure for _, sure in texts))
    first = texts[0][0]
    if function == "join":
        path = "/".join(text for text, _ in texts if text)
        return believed(posixpath.normpath(path) if path else ".", sure, call)
    if function in ("normalize", "dirname", "basename"):
        ending = texts[1][0] if function == "basename" and len(texts) > 1 else ""
        known: dict[str, Callable[[str], str]] = {
            "normalize": posixpath.normpath, "dirname": posixpath.dirname, "basename": posixpath.basename
        }  # fmt: skip
        made = known[function](first)
        return believed(made.removesuffix(ending) if ending else made, sure, call)
    return unknown(call)


def _location(arguments: Sequence[Literal], call: Node, scene: Scene) -> Literal:
    """The path of ``new URL("./x.js", import.meta.url)``, of ``require.resolve("./x")``."""
    texts = [as_text(each) for each in arguments]
    paths = [text.removeprefix("file://") for text, _ in texts]
    sure = worst(*(sure for _, sure in texts))
    if len(paths) == 1 and not paths[0].startswith("."):
        return believed(paths[0], sure, call)
    base = paths[1] if len(paths) > 1 else scene.file
    if not base:
        return unknown(call)
    return believed(posixpath.normpath(posixpath.join(posixpath.dirname(base), paths[0])), sure, call)


def _items(name: str, value: Literal, call: Node) -> Literal:
    table, sure = settled(value)
    if not isinstance(table, Table):
        return unknown(call)
    rows: dict[str, tuple[Literal, ...]] = {
        "Object.values": tuple(each.value for each in table.entries),
        "Object.keys": tuple(each.name for each in table.entries),
        "Object.entries": tuple((each.name, each.value) for each in table.entries),
    }
    return rows[name] if sure is Confidence.CERTAIN else Guess(rows[name])


def _method(function: Node, arguments: Sequence[Literal], call: Node, evaluate: Evaluate) -> Literal:
    """A method of a text or a list."""
    name = function.child_by_field_name("property")
    method = "" if name is None or name.text is None else name.text.decode(errors="replace")
    owner = evaluate(function.child_by_field_name("object"))
    plain, sure = settled(owner)
    if isinstance(plain, tuple):
        return _of_list(method, plain, sure, arguments, call)
    if isinstance(plain, Opaque):
        return unknown(call, plain.known if method in _SAME_METHODS else "")
    if isinstance(plain, str) and method == "split" and arguments:
        separator = as_text(arguments[0])[0]
        parts = tuple(plain.split(separator)) if separator.strip("$") else tuple(plain.split())
        return parts if sure is Confidence.CERTAIN else Guess(parts)
    if isinstance(plain, str) and method == "concat":
        return joined((owner, *arguments), call)
    if method in _SAME_METHODS and not arguments:
        return owner
    return unknown(call)


def _of_list(
    method: str, items: tuple[Literal, ...], sure: Confidence, arguments: Sequence[Literal], call: Node
) -> Literal:
    if method == "join":
        value = joined(items, call, as_text(arguments[0])[0] if arguments else ",")
        return value if sure is Confidence.CERTAIN else guessed(value)
    found: Literal = unknown(call)
    if method == "concat":
        added = (settled(each)[0] for each in arguments)
        found = (
            *items,
            *(inner for each in added for inner in (each if isinstance(each, tuple) else (each,))),
        )
    elif method in ("slice", "flat", "filter", "sort", "reverse"):
        start = settled(arguments[0])[0] if arguments else 0
        kept = items[start:] if method == "slice" and isinstance(start, int) else items
        exact = method == "slice" and len(arguments) < 2 and isinstance(start, int)
        found = kept if exact else Guess(kept)
    return found if sure is Confidence.CERTAIN else guessed(found)


def arithmetic(operator: str, left: float, right: float) -> Literal:
    """``a * b`` and its kin; unknown where Python has no answer."""
    try:
        results = {"+": left + right, "-": left - right, "*": left * right}
        number = results[operator] if operator in results else left / right if operator == "/" else math.nan
    except (ZeroDivisionError, OverflowError):
        number = math.nan
    return Opaque(f"{left} {operator} {right}", "$number") if math.isnan(number) else number
