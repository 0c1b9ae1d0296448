"""A TOML document that still knows on which line each of its keys stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from ghostfix.model.errors import ProfileError
from ghostfix.model.pattern import Pattern
from ghostfix.model.safe_text import safe

Table: TypeAlias = Mapping[str, object]
KeyPath: TypeAlias = tuple[str | int, ...]

_KEY = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = Pattern(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*")
_PART = Pattern(_KEY)
_PLACE = Pattern(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


class TomlDocument(Struct, frozen=True):
    """A file's TOML: where it came from, its text, and what it says."""

    path: str
    text: str
    data: Table

    def line(self, keys: KeyPath) -> int | None:
        """The line (from 1) of a key, or of the table or inline table that holds it; None when not found."""
        wanted = tuple(str(key) for key in keys if isinstance(key, str))
        best: tuple[int, int] | None = None
        for number, found in _keys_by_line(self.text):
            depth = len(found)
            if wanted[:depth] == found and (best is None or depth > best[0]):
                best = (depth, number)
        return None if best is None else best[1]

    def value(self, keys: KeyPath) -> object:
        """What stands under a key path; None when nothing does."""
        value: object = self.data
        for key in keys:
            value = _inner(value, key)
        return value


def _inner(value: object, key: str | int) -> object:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return None


def parse(path: str, content: bytes) -> TomlDocument:
    """Reads TOML; raises ProfileError with file, line and column when it is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProfileError(
            f"{safe(path)}:{line}: is not UTF-8 text (byte {content[error.start]:#04x})",
            "save the file as UTF-8.",
        ) from None
    try:
        return TomlDocument(path, text, tomllib.loads(text))
    except RecursionError:
        raise ProfileError(f"{safe(path)}: is nested too deeply to be a profile") from None
    except ValueError as error:
        place, message = _syntax_place(text, str(error))
        raise ProfileError(
            f"{safe(path)}{place}: is not valid TOML: {safe(message)}",
            "text stands in quotes, lists in [brackets], and each key once: https://toml.io",
        ) from None


def key_text(keys: KeyPath) -> str:
    """A key path as TOML writes it: ``services."my service".ports[0]``."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            quoted = key if re.fullmatch(r"[\w-]+", key, re.ASCII) else f'"{key}"'
            text += f".{quoted}" if text else quoted
    return safe(text, 200)


def _syntax_place(text: str, message: str) -> tuple[str, str]:
    place = _PLACE.search(message)
    if place is None:
        return "", message
    if place[1] is None:
        return f":{len(text.splitlines()) or 1}", f"{message[: place.start()]} at the end of the file"
    return f":{place[1]}:{place[2]}", message[: place.start()]


def _keys_by_line(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each line that names a key or a table, with the whole path; multi-line strings are passed over."""
    table: tuple[str, ...] = ()
    closing: str | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if closing is not None:
            closing = None if line.count(closing) % 2 else closing
            continue
        closing = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), None)
        stripped = line.strip()
        header = stripped.startswith("[")
        match = _DOTTED.match(stripped.lstrip("["))
        if match is None:
            continue
        after = stripped.lstrip("[")[match.end() : match.end() + 1]
        keys = tuple(part.strip("\"'") for part in _PART.compiled.findall(match[1]))
        if header and after == "]":
            table = keys
            yield number, table
        elif not header and after == "=":
            yield number, (*table, *keys)
