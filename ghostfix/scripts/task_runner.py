"""Task runners: what ``make w``, ``just w``, ``task w`` or ``honcho start`` give to a shell.

Read is what stands in their files literally: a recipe with its prerequisites, and variables that are set to a
text. What a file includes from elsewhere, and what its functions make, is not.
"""

import posixpath
import re
from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_FILES = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "gmake": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"),
    "honcho": ("Procfile",),
    "foreman": ("Procfile",),
    "overmind": ("Procfile",),
    "hivemind": ("Procfile",),
}
_FILE_OPTIONS = ("-f", "--file", "--makefile", "-t", "--taskfile", "--justfile", "--procfile")
_DRY = frozenset(
    "-n --dry-run --just-print --recon -q --question -l --list --summary --show --dump --dry".split()  # noqa: SIM905
)
_HEAD = Pattern(r"@?(?P<name>[\w.-]+)(?P<parameters>[^:=]*):(?!=)(?P<needs>[^#]*)")
_SET = Pattern(r"(?:export\s+)?(?P<name>\w+)\s*[:?]?:?=\s*(?P<value>.*)")


class Recipe(Struct, frozen=True):
    """One line that a task gives to a shell."""

    text: str
    line: int


class TaskCall(Struct, frozen=True):
    """A call of a task runner."""

    files: tuple[str, ...]
    """Where its file may be, the first that is there."""
    tasks: tuple[str, ...]
    """What it is to run; none: the default task, or all of a Procfile."""
    procfile: bool

    def folder_of(self, path: str) -> str | None:
        """Where its tasks run: where the file is; None for make, which stays where it was called."""
        return None if path.lower().endswith("makefile") else posixpath.dirname(path)


def task_call(name: str, arguments: Sequence[str], folder: str | None) -> TaskCall | None:
    """What a command line asks of a task runner; None when it is none, or when the call runs no task.

    ``folder`` is the value of the option that names the folder, which is no task.
    """
    if name not in _FILES or _DRY.intersection(arguments):
        return None
    files = _FILES[name]
    words: list[str] = []
    skip = False
    for index, word in enumerate(arguments):
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        if skip:
            skip = False
        elif word.partition("=")[0] in _FILE_OPTIONS:
            files = (word.partition("=")[2] or following,)
            skip = "=" not in word
        elif not word.startswith("-") and "=" not in word and word != folder:
            words.append(word)
    procfile = _FILES[name] == ("Procfile",)
    if procfile and words[:1] != ["start"]:
        return None
    return TaskCall(files, tuple(words[1:] if procfile else words), procfile)


def recipes(content: bytes, path: str, call: TaskCall) -> tuple[Recipe, ...]:
    """The lines that the call gives to a shell, with the variables of the file filled in."""
    lines = content.decode(errors="backslashreplace").splitlines()
    if call.procfile:
        return _procfile(lines, call.tasks)
    bodies, needs = _yaml_tasks(lines) if path.endswith((".yml", ".yaml")) else _tasks(lines)
    wanted = list(call.tasks) or [next((name for name in bodies if not name.startswith(".")), "")]
    found: list[Recipe] = []
    seen: set[str] = set()
    while wanted:
        name = wanted.pop(0)
        if name not in seen:
            seen.add(name)
            found += bodies.get(name, ())
            wanted += needs.get(name, ())
    return tuple(found)


def _procfile(lines: Sequence[str], processes: Sequence[str]) -> tuple[Recipe, ...]:
    entries = [(number, *line.partition(":")[::2]) for number, line in enumerate(lines, start=1)]
    return tuple(
        Recipe(text.strip(), number)
        for number, name, text in entries
        if text and not name.startswith("#") and (not processes or name.strip() in processes)
    )


def _tasks(lines: Sequence[str]) -> tuple[dict[str, list[Recipe]], dict[str, list[str]]]:
    """The recipes of a Makefile or a justfile by name, and the tasks that each needs first."""
    bodies: dict[str, list[Recipe]] = {}
    needs: dict[str, list[str]] = {}
    values: dict[str, str] = {}
    name = ""
    for number, line in enumerate(lines, start=1):
        if line[:1] in ("\t", " "):
            text = line.strip().lstrip("@-+")
            if name and text:
                bodies[name].append(Recipe(_filled(text, values), number))
            continue
        head, given = _HEAD.match(line), _SET.match(line)
        if head is not None:
            name = head["name"]
            bodies.setdefault(name, [])
            needs.setdefault(name, []).extend(head["needs"].split())
        elif given is not None:
            values[given["name"]] = given["value"].strip().strip("'\"")
    return bodies, needs


def _yaml_tasks(lines: Sequence[str]) -> tuple[dict[str, list[Recipe]], dict[str, list[str]]]:
    """The commands of a Taskfile: the list items below a task's ``cmds:``, and its ``cmd:``."""
    bodies: dict[str, list[Recipe]] = {}
    name = ""
    inside = False
    for number, line in enumerate(lines, start=1):
        task = re.match(r" {2}([\w:.-]+):\s*$", line)
        command = re.match(r"\s{4,}(?:-|cmd:|- cmd:)\s+(.+)", line)
        if line[:1] not in (" ", "", "#"):
            inside = line.startswith("tasks:")
        elif inside and task is not None:
            name = task.group(1)
            bodies[name] = []
        elif inside and name and command is not None:
            bodies[name].append(Recipe(command.group(1).strip("'\""), number))
    return bodies, {}


def _filled(text: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return values.get(match[1], match[0])

    return re.sub(r"(?:\$[({]|\{\{)\s*(\w+)\s*(?:[)}]|\}\})", value, text).replace("$$", "$")
