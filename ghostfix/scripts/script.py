"""Script: the commands that a program's text runs, read without running it.

A reader (``shell_script``, ``python_script``, ``node_script``) turns text into ``Command`` records: the
words as far as they are known, the line, the working directory, and what surrounds it (a loop, a check
that comes first). What is only mentioned (comments, quoted text, here-documents) is not a command.
"""

import posixpath
import re
from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from ghostfix.model.invocation import is_python
from ghostfix.model.job import Place
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence

SIZE_LIMIT = 1024 * 1024
"""Bytes of a script that are read; a longer one is cut, and the script says so."""

_RANKS = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
_SHEBANG = Pattern(rb"^#!\s*(\S+)(?:[ \t]+(.*))?")
_DURATION = Pattern(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SUFFIXES = {
    ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ksh": "shell", ".command": "shell",
    ".py": "python", ".pyw": "python",
    ".js": "node", ".mjs": "node", ".cjs": "node", ".ts": "node",
}  # fmt: skip


class Language(Enum):
    """The languages that ghostfix reads."""

    SHELL = "shell"
    PYTHON = "python"
    NODE = "node"


class Loop(Struct, frozen=True, kw_only=True):
    """A loop that comes round again: an endless one, or one that sleeps between its rounds."""

    line: int
    text: str
    """Its first line."""
    interval: float | None = None
    """Seconds that it sleeps, when that is known."""


class Scene(Struct, frozen=True, kw_only=True):
    """What a script finds when it starts. None: not known."""

    file: str = ""
    """Its absolute path; empty for text without a file (``-c`` code, a crontab command)."""
    cwd: str | None = None
    arguments: tuple[str, ...] | None = None
    """``$1`` and so on; None when it is not known how it is called."""
    variables: tuple[Variable, ...] = ()
    """Environment variables that are known."""
    managers: tuple[ManagerSigns, ...] = ()
    """The managers whose commands are understood."""
    home: str | None = None


class Command(Struct, frozen=True, kw_only=True):
    """One command of a script. Words that could not be resolved stand as they are written: ``$PORT``."""

    words: tuple[str, ...]
    line: int
    text: str
    """The line of the script, stripped."""
    file: str
    """The script in which it stands; another one than the script that was read, when that sources it."""
    confidence: Confidence
    """CERTAIN: every word is literal. LIKELY: a variable or a condition was guessed. POSSIBLE: not all is
    known."""
    cwd: str | None = None
    via: tuple[Place, ...] = ()
    """The ``source`` lines that lead to its file."""
    loop: Loop | None = None
    guard: str = ""
    """The check that comes first, as it is written; empty when there is none."""
    background: bool = False
    output: str | None = None
    """The file to which its output goes."""
    stdin: str | None = None
    """The text that it is fed, when that is known."""
    variables: tuple[Variable, ...] = ()
    """Environment variables that it was seen to be given."""
    branches: tuple[tuple[int, int], ...] | None = None
    """The choices that lead to it, outermost first: which one, and which of its branches. None: not known."""

    @property
    def place(self) -> Place:
        return Place(self.file, self.line, self.text)


class Script(Struct, frozen=True, kw_only=True):
    """What a text runs. ``problem`` says what of it could not be understood."""

    commands: tuple[Command, ...]
    problem: str | None = None


Opener = Callable[[str], bytes | None]
"""Gives the content of a file that a script sources; None when it cannot be read."""


def follows(one: Command, other: Command) -> bool:
    """Whether one run can come to both: no choice takes them apart."""
    if one.branches is None or other.branches is None:
        return False
    taken = dict(one.branches)
    return all(taken.get(choice, branch) == branch for choice, branch in other.branches)


def worst(*confidences: Confidence) -> Confidence:
    """The least sure of them; CERTAIN for none."""
    return max(confidences, key=_RANKS.index, default=Confidence.CERTAIN)


def language_of(path: str, content: bytes) -> Language | None:
    """What a program file is written in, by its first line, else by its name; None for anything else."""
    interpreter = shebang(content)
    if interpreter:
        return _language_of_program(interpreter[0])
    suffix = posixpath.splitext(path)[1].lower()
    if suffix in _SUFFIXES:
        return Language(_SUFFIXES[suffix])
    # A text without a first line of its own is run by the shell that calls it.
    return None if suffix or b"\0" in content[:4096] else Language.SHELL


def shebang(content: bytes) -> tuple[str, ...]:
    """The interpreter's words on the first line, ``env`` taken away; empty when there is none."""
    match = _SHEBANG.match(content[:512])
    if match is None:
        return ()
    words = [part.decode(errors="backslashreplace") for part in match.group(0)[2:].split()]
    if posixpath.basename(words[0]) == "env":
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words = words[1:]
    return tuple(words)


def _language_of_program(program: str) -> Language | None:
    name = posixpath.basename(program)
    if re.fullmatch(r"(ba|da|z|k|a)?sh[0-9.]*", name):
        return Language.SHELL
    if is_python(name):
        return Language.PYTHON
    return Language.NODE if re.fullmatch(r"node(js)?|bun|deno|tsx|ts-node", name) else None


def seconds(text: str) -> float | None:
    """``5``, ``0.5``, ``10m`` as ``sleep`` reads it; None for anything else."""
    match = _DURATION.fullmatch(text)
    return None if match is None else float(match.group(1)) * _SECONDS[match.group(2)]


def every(interval: float) -> str:
    """An interval in words: ``every 5 s``, ``every 2 min``."""
    if interval >= 60 and interval % 60 == 0:
        return f"every {interval / 60:g} min"
    return f"every {interval:g} s"
