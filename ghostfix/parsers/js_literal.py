"""Literals of JavaScript: what a configuration file says in so many words, each entry with its line.

Covers JSON, JSON with comments, JSON5 and the literal part of a ``.config.js``: what is worked out at run
time (a call, a condition, a template with ``${...}``) is ``Opaque``. Nothing is run.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from ghostfix.pattern import Pattern

_DEPTH = 60
_TOKEN = Pattern(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
      | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<mark>\.\.\.|=>|[\s\S])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = Pattern(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_OPENING = {"{": "}", "[": "]", "(": ")"}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "undefined": None}


class Opaque(Struct, frozen=True):
    """A value that is worked out when the program runs; ``text`` is how it is written."""

    text: str


class Entry(Struct, frozen=True):
    """One ``name: value`` of an object, and the line (from 1; 0: unknown) of its name."""

    name: str
    value: "Literal"
    line: int


class Table(Struct, frozen=True):
    """An object; of a name that occurs twice the last one counts."""

    entries: tuple[Entry, ...]
    line: int = 0

    def get(self, name: str) -> "Literal":
        """The value of a name; None when there is none."""
        found = self.entry(name)
        return None if found is None else found.value

    def entry(self, name: str) -> Entry | None:
        return next((each for each in reversed(self.entries) if each.name == name), None)


Literal: TypeAlias = str | int | float | bool | tuple["Literal", ...] | Table | Opaque | None


class _Token(Struct, frozen=True):
    kind: str
    text: str
    line: int
    start: int
    end: int


def read_literal(text: str, names: Mapping[str, "Literal"] | None = None) -> "Literal":
    """What a file exports: its one value, or what ``module.exports`` or ``export default`` is set to.

    ``names`` are variables of known value (``__dirname``); constants set to literals are known too.
    A file that exports nothing gives an ``Opaque``.
    """
    reader = _Reader(text.removeprefix("\ufeff"), dict(names or {}))
    return reader.whole()


def plain(value: object) -> "Literal":
    """What a JSON decoder gave, as a literal without lines."""
    if isinstance(value, dict):
        return Table(tuple(Entry(str(name), plain(each), 0) for name, each in value.items()))
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    return value if isinstance(value, str | int | float) or value is None else Opaque(str(value))


class _Reader:
    """One text, read from token to token."""

    def __init__(self, text: str, names: dict[str, "Literal"]) -> None:
        self._text = text
        self._names = names
        self._tokens = tuple(_tokens(text))
        self._at = 0

    def whole(self) -> "Literal":
        first = self._peek()
        if first is not None and first.text in ("{", "["):
            return self._value(0)
        found: Literal = Opaque("")
        while (token := self._next()) is not None:
            if token.text in ("const", "let", "var"):
                self._constant()
            elif token.text == "module" and self._follows(".", "exports", "="):
                found = self._value(0)
            elif token.text == "module" and self._follows(".", "exports", ".", "apps", "="):
                apps = Entry("apps", self._value(0), token.line)
                found = Table((apps,), token.line)
            elif token.text == "export" and self._follows("default"):
                found = self._value(0)
            elif token.text in _OPENING:
                self._skip_to_close(_OPENING[token.text])
        return found

    def _constant(self) -> None:
        name = self._next()
        if name is not None and name.kind == "name" and self._follows("="):
            value = self._value(0)
            if not isinstance(value, Opaque):
                self._names[name.text] = value

    def _value(self, depth: int) -> "Literal":
        """One expression, up to the comma or the bracket that ends it."""
        begin = self._at
        if self._follows("(") and depth < _DEPTH:
            inner = self._value(depth + 1)
            value = inner if self._follows(")") else Opaque("")
        else:
            value = self._primary(depth)
        if self._ends():
            return value
        self._skip_expression()
        last = self._tokens[min(max(begin, self._at - 1), len(self._tokens) - 1)] if self._tokens else None
        start = self._tokens[begin].start if begin < len(self._tokens) else 0
        return Opaque(self._text[start : last.end] if last is not None else "")

    def _primary(self, depth: int) -> "Literal":
        token = self._peek()
        if token is None or depth > _DEPTH:
            return Opaque("")
        if token.text == "{":
            return self._table(depth)
        if token.text == "[":
            return self._list(depth)
        if token.text in ("}", "]", ")", ","):
            return Opaque("")
        self._at += 1
        if token.kind == "text":
            return _string(token.text)
        if token.kind == "number":
            return _number(token.text)
        if token.text in _WORDS:
            return _WORDS[token.text]
        return self._names.get(token.text, Opaque(token.text))

    def _table(self, depth: int) -> Table:
        opening = self._tokens[self._at]
        self._at += 1
        entries: list[Entry] = []
        while (token := self._peek()) is not None and token.text != "}":
            if token.text == ",":
                self._at += 1
                continue
            before = self._at
            self._at += 1
            name = _string(token.text) if token.kind == "text" else token.text
            if token.kind != "mark" and self._follows(":"):
                entries.append(Entry(str(name), self._value(depth + 1), token.line))
            elif token.kind == "name" and self._ends():
                entries.append(Entry(token.text, self._names.get(token.text, Opaque(token.text)), token.line))
            else:  # a method, a computed name, a spread
                self._at = before
                self._skip_expression()
                if self._at == before:
                    self._at += 1
        self._at += 1
        return Table(tuple(entries), opening.line)

    def _list(self, depth: int) -> tuple["Literal", ...]:
        self._at += 1
        values: list[Literal] = []
        while (token := self._peek()) is not None and token.text != "]":
            if token.text == ",":
                self._at += 1
                continue
            before = self._at
            values.append(self._value(depth + 1))
            if self._at == before:
                self._at += 1
        self._at += 1
        return tuple(values)

    def _ends(self) -> bool:
        """Whether an expression is over here; outside of brackets a new line ends it too."""
        token = self._peek()
        if token is None or token.text in (",", "}", "]", ")", ";"):
            return True
        return token.kind == "name" and token.line > self._tokens[self._at - 1].line

    def _skip_expression(self) -> None:
        while (token := self._peek()) is not None and token.text not in (",", "}", "]", ")", ";"):
            self._at += 1
            if token.text in _OPENING:
                self._skip_to_close(_OPENING[token.text])

    def _skip_to_close(self, close: str) -> None:
        waiting = [close]
        while waiting and (token := self._next()) is not None:
            if token.kind == "mark" and token.text in _OPENING:
                waiting.append(_OPENING[token.text])
            elif token.kind == "mark" and token.text == waiting[-1]:
                waiting.pop()

    def _follows(self, *texts: str) -> bool:
        """Steps over these tokens when they come next."""
        here = self._tokens[self._at : self._at + len(texts)]
        if tuple(token.text for token in here) != texts:
            return False
        self._at += len(texts)
        return True

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token | None:
        token = self._peek()
        self._at += 1
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "mark"
        if kind != "blank":
            yield _Token(kind, match[0], line, match.start(), match.end())
        line += match[0].count("\n")


def _string(written: str) -> str | Opaque:
    body = written[1:-1]
    if written[0] == "`" and "${" in body:
        return Opaque(written)
    return _ESCAPE.sub(_unescaped, body) if "\\" in body else body


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is not None:
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""
    return "" if match[4] is not None else _LETTERS.get(match[5], match[5])


def _number(written: str) -> int | float:
    digits = written.replace("_", "")
    try:
        return int(digits, 0)
    except ValueError:
        return float(digits)
