"""Jobs of at: what stands in a file of its queue, which is the script that will run.

The script begins with the environment and the folder of the user who submitted it; what that user typed comes
after (at(1) of Debian and Fedora, macOS's is the same). A file's name is its queue's letter, its number and
the minute at which it is due, both hexadecimal.
"""

import re
import shlex

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Variable

PUT_BACK = "# put back by ghostfix; what follows is the job as it was\n"
"""Stands between what ``at`` itself writes and a job that was released."""

_NAME = Pattern(r"([A-Za-z=])([0-9a-f]{5})([0-9a-f]{8})")
_MAIL = Pattern(r"^# mail +(\S+) +(-?\d+)", re.MULTILINE)
_EXPORT = Pattern(r"^([A-Za-z_]\w*)=(.*); export \1$")
_FOLDER = Pattern(r"^cd (.+) \|\| \{$")
_HERE = Pattern(r"^\$\{SHELL:-/bin/sh\} << '(\w+)'$")
_ROW = Pattern(r"^(\d+)\s+(\S.*\S)\s+([A-Za-z=])\s+(\S+)$")


class AtFile(Struct, frozen=True, kw_only=True):
    """What the name of a queued file says."""

    number: int
    queue: str
    """``=`` while it runs."""
    due: float


class AtScript(Struct, frozen=True, kw_only=True):
    """What a queued script does, and where, for which user, with which variables."""

    body: str
    """What was typed."""
    line: int
    """The line (from 1) at which that begins."""
    user: str | None = None
    folder: str | None = None
    variables: tuple[Variable, ...] = ()
    mails: bool = False
    """A mail is sent even when it printed nothing (``at -m``)."""


class AtRow(Struct, frozen=True):
    """One line of ``atq``."""

    number: int
    when: str
    queue: str
    user: str


def read_name(name: str) -> AtFile | None:
    """The facts in a file's name; None when it is none of at's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return AtFile(number=int(match[2], 16), queue=match[1], due=int(match[3], 16) * 60.0)


def read_queue(text: str) -> tuple[AtRow, ...]:
    """The rows of ``atq``; a line that is none is left out."""
    rows = (_ROW.match(line.strip()) for line in text.splitlines())
    return tuple(AtRow(int(row[1]), row[2], row[3], row[4]) for row in rows if row is not None)


def read_script(text: str) -> AtScript:
    """The parts of a script; one without at's own beginning is all body."""
    mail = _MAIL.search(text)
    lines = text.split("\n")
    variables: list[Variable] = []
    folder: str | None = None
    start = 0
    for index, line in enumerate(lines):
        exported, entered = _EXPORT.match(line), _FOLDER.match(line)
        if exported is not None and folder is None:
            variables.append(Variable(exported[1], _unquoted(exported[2])))
        elif entered is not None and folder is None:
            folder = _unquoted(entered[1])
            start = next((at + 1 for at in range(index, len(lines)) if lines[at] == "}"), index + 1)
    while start < len(lines) and not lines[start].strip():
        start += 1
    body, start = _without_here(lines, start)
    script = AtScript(
        body=body,
        line=start + 1,
        user=None if mail is None else mail[1],
        folder=folder,
        variables=tuple(variables),
        mails=mail is not None and mail[2] == "1",
    )
    return _as_it_was(script)


def original(text: str) -> str:
    """The script as it was first submitted: without what putting it back has put around it.

    Empty lines at the end do not count: at adds one each time.
    """
    return (text.rpartition(PUT_BACK)[2] if PUT_BACK in text else text).rstrip("\n") + "\n"


def _as_it_was(script: AtScript) -> AtScript:
    if PUT_BACK not in script.body:
        return script
    return read_script(script.body.rpartition(PUT_BACK)[2])


def _without_here(lines: list[str], start: int) -> tuple[str, int]:
    """Fedora's at hands the body to a shell as a here-document."""
    here = _HERE.match(lines[start]) if start < len(lines) else None
    if here is None:
        return "\n".join(lines[start:]), start
    end = next((at for at in range(start + 1, len(lines)) if lines[at] == here[1]), len(lines))
    return "\n".join(lines[start + 1 : end]), start + 1


def _unquoted(text: str) -> str:
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        return text
