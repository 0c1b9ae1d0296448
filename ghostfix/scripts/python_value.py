"""What expressions of a Python program come to: literal text, lists of words, paths from ``__file__``."""

import ast
import posixpath
import shlex
from collections.abc import Sequence

from msgspec import Struct, structs

from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import worst

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_PASS = frozenset(
    ("str", "Path", "PurePath", "fspath", "abspath", "realpath", "expanduser", "normpath", "resolve",
     "absolute", "as_posix", "list", "tuple", "quote", "expandvars", "strip")
)  # fmt: skip


class Text(Struct, frozen=True):
    """Text, as far as it is known; what is unknown in it stands as ``$name``."""

    text: str
    confidence: Confidence = CERTAIN


class Words(Struct, frozen=True):
    """A list of texts: a command's words."""

    words: tuple[Text, ...]


Value = Text | Words


class Names:
    """The values of names at one place of a program, and where its file and working directory are."""

    def __init__(self, file: str, cwd: str | None, home: str | None) -> None:
        self.file = file
        self.cwd = cwd
        self.home = home
        self._values: dict[str, Value] = {}

    def bind(self, name: str, value: Value | None) -> None:
        """Gives a name its value; a second, different one is a guess, an unknown one keeps the first."""
        before = self._values.get(name)
        if value is None or value == before:
            return
        self._values[name] = value if before is None else guessed(value)

    def replace(self, name: str, value: Value | None) -> None:
        """Gives a parameter its value in one call; an unknown one is forgotten."""
        if value is None:
            self._values.pop(name, None)
        else:
            self._values[name] = value

    def value(self, name: str) -> Value | None:
        return self._values.get(name)

    def within(self) -> "Names":
        inner = Names(self.file, self.cwd, self.home)
        inner._values = dict(self._values)
        return inner

    def path(self, text: str) -> str | None:
        if text.startswith("~") and self.home is not None:
            text = self.home + text[1:]
        if not text.startswith("/") and self.cwd is None:
            return None
        return posixpath.normpath(posixpath.join(self.cwd or "/", text))


def guessed(value: Value) -> Value:
    """The same value, no surer than a guess."""
    if isinstance(value, Text):
        return structs.replace(value, confidence=worst(value.confidence, LIKELY))
    return Words(tuple(Text(word.text, worst(word.confidence, LIKELY)) for word in value.words))


def evaluate(node: ast.expr | None, names: Names) -> Value | None:
    """The value of an expression; None when nothing of it is known."""
    if isinstance(node, ast.Constant):
        return None if node.value is None else Text(str(node.value))
    if isinstance(node, ast.Name | ast.Attribute):
        return _named(node, names)
    if isinstance(node, ast.List | ast.Tuple):
        return _words(node.elts, names)
    if isinstance(node, ast.JoinedStr):
        return _joined([_part(part, names) for part in node.values])
    if isinstance(node, ast.BinOp):
        return _operation(node, names)
    if isinstance(node, ast.Call):
        return _call(node, names)
    if isinstance(node, ast.Subscript):
        return _item(node, names)
    if isinstance(node, ast.BoolOp):
        # ``a or b``: the first that is known, as a guess.
        known = (evaluate(value, names) for value in node.values)
        value = next((each for each in known if each is not None), None)
        return None if value is None else guessed(value)
    if isinstance(node, ast.IfExp):
        value = evaluate(node.body, names) or evaluate(node.orelse, names)
        return None if value is None else guessed(value)
    return None


def dotted(node: ast.expr) -> str:
    """``subprocess.run`` of a name or a chain of attributes; what is no name is left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def text(node: ast.expr | None, names: Names) -> Text:
    """An expression as text; unknown, it stands as it is written."""
    value = evaluate(node, names)
    if isinstance(value, Text):
        return value
    return Text("$" + (ast.unparse(node) if node is not None else "unknown"), POSSIBLE)


def _named(node: ast.Name | ast.Attribute, names: Names) -> Value | None:
    name = dotted(node)
    if name == "sys.executable":
        return Text("python3")
    if name == "__file__":
        return Text(names.file) if names.file else None
    if isinstance(node, ast.Attribute) and node.attr == "parent":
        return _folder(text(node.value, names))
    return names.value(name)


def _folder(path: Text) -> Text | None:
    return None if path.confidence is POSSIBLE else Text(posixpath.dirname(path.text), path.confidence)


def _words(nodes: Sequence[ast.expr], names: Names) -> Words:
    words: list[Text] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            inner = evaluate(node.value, names)
            words.extend(inner.words if isinstance(inner, Words) else [text(node.value, names)])
        else:
            words.append(text(node, names))
    return Words(tuple(words))


def _part(node: ast.expr, names: Names) -> Text:
    return text(node.value if isinstance(node, ast.FormattedValue) else node, names)


def _joined(parts: Sequence[Text], separator: str = "") -> Text:
    return Text(separator.join(part.text for part in parts), worst(*(part.confidence for part in parts)))


def _operation(node: ast.BinOp, names: Names) -> Value | None:
    left, right = evaluate(node.left, names), evaluate(node.right, names)
    if isinstance(node.op, ast.Add) and isinstance(left, Words) and isinstance(right, Words):
        return Words((*left.words, *right.words))
    one, other = text(node.left, names), text(node.right, names)
    if isinstance(node.op, ast.Add):
        return _joined([one, other])
    if isinstance(node.op, ast.Div):
        return Text(posixpath.join(one.text, other.text), worst(one.confidence, other.confidence))
    if isinstance(node.op, ast.Mod) and isinstance(left, Text):
        parts = list(right.words) if isinstance(right, Words) else [other]
        filled = left.text
        for part in parts:
            filled = filled.replace("%s", part.text, 1)
        return Text(filled, worst(left.confidence, *(part.confidence for part in parts)))
    return None


def _call(node: ast.Call, names: Names) -> Value | None:
    name = dotted(node.func).rpartition(".")[2]
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    first = node.args[0] if node.args else None
    if name == "dirname" and first is not None:
        return _folder(text(first, names))
    if name == "join" and isinstance(owner, ast.Constant):
        inner = evaluate(first, names)
        return _joined(inner.words, str(owner.value)) if isinstance(inner, Words) else None
    if name in ("join", "joinpath"):
        parts = [text(arg, names) for arg in ([owner] if name == "joinpath" and owner else []) + node.args]
        return Text(posixpath.join(*(part.text for part in parts)), worst(*(p.confidence for p in parts)))
    if name == "split" and dotted(node.func) == "shlex.split":
        return _split(text(first, names), quotes=True)
    if name == "split" and owner is not None and not node.args:
        return _split(text(owner, names), quotes=False)
    if name in ("getcwd", "cwd"):
        return None if names.cwd is None else Text(names.cwd)
    if name == "home":
        return None if names.home is None else Text(names.home, LIKELY)
    if name in ("getenv", "get") and len(node.args) == 2:
        default = evaluate(node.args[1], names)
        return None if default is None else guessed(default)
    if name == "which":
        return None if first is None else guessed(text(first, names))
    if name in _PASS:
        value = evaluate(first if first is not None else owner, names)
        return _resolved(value, names) if name in ("abspath", "expanduser", "resolve", "realpath") else value
    if name == "format" and owner is not None:
        filled = text(owner, names)
        for arg in node.args:
            filled = Text(filled.text.replace("{}", text(arg, names).text, 1), filled.confidence)
        return filled
    return None


def _resolved(value: Value | None, names: Names) -> Value | None:
    if not isinstance(value, Text) or value.confidence is POSSIBLE:
        return value
    path = names.path(value.text)
    return value if path is None else Text(path, value.confidence)


def _split(value: Text, *, quotes: bool) -> Words | None:
    try:
        parts = shlex.split(value.text) if quotes else value.text.split()
    except ValueError:
        return None
    return Words(tuple(Text(part, value.confidence) for part in parts))


def _item(node: ast.Subscript, names: Names) -> Value | None:
    """``parents[1]`` of a path; an item of a list or of a dictionary that was bound by key."""
    index = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if isinstance(node.value, ast.Attribute) and node.value.attr == "parents" and isinstance(index, int):
        path = text(node.value.value, names)
        for _ in range(index + 1):
            path = _folder(path) or path
        return path if path.confidence is not POSSIBLE else None
    inner = evaluate(node.value, names)
    if isinstance(inner, Words) and isinstance(index, int) and -len(inner.words) <= index < len(inner.words):
        return inner.words[index]
    return names.value(f"{dotted(node.value)}[{index!r}]")
