"""One key of a TOML document set to a text, every other byte kept (pure)."""

import re
import tomllib

from msgspec import json

from ghostfix.model.pattern import Pattern
from ghostfix.service.toml_document import KeyPath, TomlDocument

_VALUE = Pattern(r"""(\s*=\s*)(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')""")


def with_text(content: bytes, table: KeyPath, key: str, value: str) -> bytes | None:
    """The document with ``key = "value"`` in the table; None where that cannot be done in one line.

    The line of the key is exchanged where there is one, else a line is put below the table's header. What
    comes out is read again, and has to say the same as before but for that key.
    """
    try:
        text = content.decode()
        before = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return None
    lines = text.split("\n")
    number = TomlDocument("", text.removeprefix("\ufeff"), before).line((*table, key))
    if number is None:
        return None
    line = lines[number - 1]
    quoted = json.encode(value).decode()
    named = re.match(rf"\s*(?:[\w.\"'-]+\.)?{re.escape(key)}(?=\s*=)", line)
    if named is not None:
        changed, times = _VALUE.compiled.subn(lambda match: match[1] + quoted, line[named.end() :], count=1)
        lines[number - 1] = line[: named.end()] + changed
        if not times:
            return None
    else:
        ending = "\r" if line.endswith("\r") else ""
        lines.insert(number, f"{key} = {quoted}{ending}")
    edited = "\n".join(lines)
    return edited.encode() if _says(edited, before, table, key, value) else None


def _says(text: str, before: dict[str, object], table: KeyPath, key: str, value: str) -> bool:
    """Whether the edited text says what the former said, and the key besides."""
    try:
        after = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return False
    inner: object = before
    for name in table:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        return False
    inner[key] = value
    return after == before
