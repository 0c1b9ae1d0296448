r"""Reading systemd's unit files: sections, entries, drop-ins, and what a service's entries mean.

The syntax is systemd.syntax(7)'s: ``\`` at the end of a line continues it (comments in between are left
out), an empty assignment resets a list, and later files add to earlier ones or override them.
"""

import re
import shlex
from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.job import Place
from ghostfix.model.pattern import Pattern

_SECTION = Pattern(r"^\[([^\[\]]+)\]$")
RESTARTS = {
    "always": "when it ends, however it ends",
    "on-success": "when it ends without an error",
    "on-failure": "when it fails",
    "on-abnormal": "when it ends by a signal or a timeout",
    "on-abort": "when it ends by an uncaught signal",
    "on-watchdog": "when its watchdog times out",
}
"""``Restart=`` of systemd.service(5) in words."""


_TO_FILE = frozenset({"append", "file", "truncate"})
"""Where ``StandardOutput=`` leads to a file."""


class UnitEntry(Struct, frozen=True):
    """``key = value`` in a section, and where it stands."""

    section: str
    key: str
    value: str
    file: str
    line: int

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, f"{self.key}={self.value}")


class UnitFile(Struct, frozen=True):
    """All entries of a unit, drop-ins after the file itself, in the order in which systemd reads them."""

    entries: tuple[UnitEntry, ...]

    def values(self, section: str, key: str) -> tuple[UnitEntry, ...]:
        """The entries of a list setting; an empty assignment forgets those before it."""
        kept: list[UnitEntry] = []
        for entry in self.entries:
            if entry.section == section and entry.key == key:
                if entry.value:
                    kept.append(entry)
                else:
                    kept.clear()
        return tuple(kept)

    def value(self, section: str, key: str) -> str:
        """The last value of a single setting; empty when it is not set."""
        found = [entry.value for entry in self.entries if (entry.section, entry.key) == (section, key)]
        return found[-1] if found else ""

    @property
    def restart(self) -> str:
        """``Restart=``, with systemd's default ``no`` (also for a value that systemd does not know)."""
        value = self.value("Service", "Restart") or "no"
        return value if value in RESTARTS else "no"

    @property
    def output(self) -> tuple[str, ...]:
        """The files to which systemd sends what the service prints, errors first, specifiers as they are.

        ``/dev/null`` where it is thrown away; the journal is no file (systemd.exec(5)).
        """
        found: list[str] = []
        for key in ("StandardError", "StandardOutput"):
            mode, _, path = self.value("Service", key).partition(":")
            if mode == "null":
                found.append("/dev/null")
            elif mode in _TO_FILE and path.startswith(("/", "%")):
                found.append(path)
        return tuple(dict.fromkeys(found))


def read_unit(text: str, file: str) -> UnitFile:
    """The entries of one file; lines that are no entries (systemd warns of them and goes on) are left out."""
    entries: list[UnitEntry] = []
    section = ""
    for line, content in _logical_lines(text):
        header = _SECTION.match(content)
        if header is not None:
            section = header.group(1)
        elif "=" in content and section:
            key, _, value = content.partition("=")
            entries.append(UnitEntry(section, key.strip(), value.strip(), file, line))
    return UnitFile(tuple(entries))


def is_template(name: str) -> bool:
    """``foo@.service``: of which there are instances; systemctl refuses it where a unit is asked for."""
    return name.rpartition(".")[0].endswith("@")


def merged(files: Sequence[UnitFile]) -> UnitFile:
    """A unit with its drop-ins, in order."""
    return UnitFile(tuple(entry for file in files for entry in file.entries))


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Each line with its continuations joined by a blank, and the number of its first line."""
    lines: list[tuple[int, str]] = []
    pending: list[str] = []
    first = 0
    for number, raw in enumerate(text.split("\n"), start=1):
        content = raw.strip()
        if content.startswith(("#", ";")) or (not content and not pending):
            continue
        if not pending:
            first = number
        if content.endswith("\\"):
            pending.append(content[:-1].strip())
            continue
        pending.append(content)
        lines.append((first, " ".join(part for part in pending if part)))
        pending = []
    if pending:
        lines.append((first, " ".join(pending)))
    return lines


def exec_command(value: str) -> str:
    """The command of an ``ExecStart=``, without the prefixes (``-@:+!``) that say how systemd runs it."""
    return value.lstrip("-@:+!|")


def exec_words(value: str, unit: str, home: str, user: str) -> tuple[str, ...]:
    """The words of an ``ExecStart=``: prefixes dropped, quotes read, specifiers filled in.

    The prefix ``@`` makes the second word the process's own name for itself: it is no argument. Only the
    specifiers that matter for finding a program are known (systemd.unit(5)); ``$VARIABLES`` stay.
    """
    command = exec_command(value)
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    if "@" in value[: len(value) - len(command)]:
        words = words[:1] + words[2:]
    return tuple(expanded(word, unit, home, user) for word in words)


def expanded(text: str, unit: str, home: str, user: str) -> str:
    """``text`` with the specifiers of a unit's name, user and home filled in."""
    name, _, _ = unit.rpartition(".")
    prefix, _, instance = name.partition("@")
    values = {
        "n": unit, "N": name, "p": prefix, "P": prefix, "i": instance, "I": instance.replace("-", "/"),
        "j": prefix.rpartition("-")[2], "h": home, "u": user, "%": "%",
    }  # fmt: skip
    return re.sub(r"%(.)", lambda match: values.get(match.group(1), match.group(0)), text)
