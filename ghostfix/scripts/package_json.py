"""``package.json``: the lines that ``npm run NAME`` and its like give to a shell (docs.npmjs.com/cli/run)."""

import re

from msgspec import Struct, json


class ScriptLine(Struct, frozen=True):
    """One entry of ``scripts``: its shell text, and where it stands (None: not known)."""

    text: str
    line: int | None
    written: str


class _Package(Struct):
    scripts: dict[str, str] = {}


def script_line(content: bytes, name: str) -> ScriptLine | None:
    """The entry with this name; None when there is none, or when the file is not a package's."""
    try:
        text = json.decode(content, type=_Package).scripts.get(name)
    except (ValueError, RecursionError):
        return None
    if text is None:
        return None
    lines = content.decode(errors="backslashreplace").splitlines()
    entry = re.compile(rf'"{re.escape(name)}"\s*:\s*{re.escape(json.encode(text).decode())}')
    at = next((number for number, line in enumerate(lines, start=1) if entry.search(line)), None)
    return ScriptLine(text, at, lines[at - 1].strip() if at else text)
