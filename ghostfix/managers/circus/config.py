"""circus's configuration: the watchers of an INI file, and where its circusd is spoken to."""

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_SECTION = Pattern(r"^\[([^\]]+)\]")
_ENTRY = Pattern(r"^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$")
_FALSE = frozenset({"false", "no", "off", "0"})
ENDPOINT = "tcp://127.0.0.1:5555"
"""Where circusd listens unless its configuration says otherwise."""


class Watcher(Struct, frozen=True, kw_only=True):
    """One ``[watcher:NAME]``, and the line of its command."""

    name: str
    file: str
    line: int
    command: str
    """``cmd`` and ``args``, as they are written."""
    directory: str | None = None
    autostart: bool = True
    respawn: bool = True
    shell: bool = False
    processes: int = 1


class CircusConfig(Struct, frozen=True, kw_only=True):
    """The watchers of one file, the patterns of the files that it includes, and the endpoint."""

    watchers: tuple[Watcher, ...] = ()
    includes: tuple[str, ...] = ()
    endpoint: str | None = None


def read_config(text: str, file: str) -> CircusConfig:
    """The facts of one file; what it does not understand it leaves out."""
    watchers: list[Watcher] = []
    includes: list[str] = []
    endpoint: str | None = None
    for header, number, values, lines in _sections(text):
        kind, _, name = header.partition(":")
        if kind == "watcher" and name:
            watchers.append(_watcher(name.strip(), file, number, values, lines))
        elif header == "circus":
            endpoint = values.get("endpoint")
            includes += values.get("include", "").split()
            includes += [f"{folder}/*.ini" for folder in values.get("include_dir", "").split()]
    return CircusConfig(watchers=tuple(watchers), includes=tuple(includes), endpoint=endpoint)


_Section = tuple[str, int, dict[str, str], dict[str, int]]


def _sections(text: str) -> list[_Section]:
    """Each section's name, line, values and the lines of these; an indented line continues the one above."""
    sections: list[_Section] = []
    last = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip()
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        header = _SECTION.match(line)
        if header is not None:
            sections.append((header.group(1).strip(), number, {}, {}))
            last = ""
            continue
        if not sections:
            continue
        _, _, values, lines = sections[-1]
        entry = _ENTRY.match(line)
        if line[0].isspace() and last:
            values[last] = f"{values[last]}\n{line.strip()}"
        elif entry is not None:
            last = entry.group(1).strip().lower()
            values[last], lines[last] = entry.group(2).strip(), number
    return sections


def _watcher(name: str, file: str, number: int, values: dict[str, str], lines: dict[str, int]) -> Watcher:
    command = " ".join(part for part in (values.get("cmd", ""), values.get("args", "")) if part)
    count = values.get("numprocesses", "1")
    return Watcher(
        name=name,
        file=file,
        line=lines.get("cmd", number),
        command=command,
        directory=values.get("working_dir"),
        autostart=values.get("autostart", "true").lower() not in _FALSE,
        respawn=values.get("respawn", "true").lower() not in _FALSE,
        shell=values.get("shell", "false").lower() in ("true", "yes", "on", "1"),
        processes=int(count) if count.isascii() and count.isdigit() else 1,
    )
