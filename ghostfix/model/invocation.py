"""What a command line runs: an interpreter with a module or a script, or a program of its own.

A service is recognised by what its command line *runs*, never by a word that occurs in it: an editor,
``tail -f``, ``grep`` and the shell that wraps a command all contain the service's name.
"""

import posixpath
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.process_title import Title, read_title

_PYTHON = Pattern(r"^(python|pypy)[0-9.]*t?$|^Python$")
_SCRIPTED = Pattern(r"^(node|nodejs|ruby|perl|php|bash|sh|dash|zsh|ksh|deno|bun)[0-9.]*$")
_SHELLS = frozenset({"bash", "sh", "dash", "zsh", "ksh"})
_PYTHON_FLAGS_WITH_VALUE = "WX"
_NODE_FLAGS_WITH_VALUE = frozenset(
    {"-r", "--require", "--import", "--loader", "-C", "--conditions", "--env-file", "--title"}
)
_SHELL_FLAGS_WITH_VALUE = frozenset({"-o", "+o", "-O", "+O", "--rcfile", "--init-file"})

# Programs that run the command that follows their own options: name -> options that take a value.
_WRAPPERS: dict[str, frozenset[str]] = {
    "env": frozenset({"-u", "--unset", "-C", "--chdir", "-S"}),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "-p"}),
    "timeout": frozenset({"-s", "--signal", "-k", "--kill-after"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "time": frozenset({"-f", "-o"}),
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-T", "-r", "-t", "-U", "-D"}),
    "doas": frozenset({"-u", "-C"}),
    "chronic": frozenset(),
    "caffeinate": frozenset({"-t", "-w"}),
    "flock": frozenset({"-w", "--timeout", "-E", "--conflict-exit-code"}),
    "setpriv": frozenset(),
    "runuser": frozenset({"-u", "-g", "-G"}),
    "unbuffer": frozenset(),
    "dumb-init": frozenset(),
    "tini": frozenset(),
    "busybox": frozenset(),
    "cronic": frozenset(),
}
# Wrappers whose first word that is no option is theirs: a duration, a lock file.
_WRAPPERS_WITH_OPERAND = frozenset({"timeout", "flock"})
_RUNNERS = ("uv", "poetry", "pipenv", "pdm", "hatch", "rye")
"""``uv run COMMAND`` and its kin."""
_RUNNER_FLAGS_WITH_VALUE = frozenset(
    {
        "--with",
        "--python",
        "-p",
        "--env-file",
        "--directory",
        "--project",
        "-C",
        "-e",
        "--env",
        "--group",
        "--extra",
    }
)
_ASSIGNMENT = Pattern(r"^[A-Za-z_][A-Za-z0-9_]*=")


class Invocation(Struct, frozen=True, kw_only=True):
    """One command line, understood. Paths are as they were given."""

    program: str
    """``argv[0]``: the interpreter, or the program itself."""
    module: str | None = None
    script: str | None = None
    code: str | None = None
    """Program text given with ``-c``."""
    arguments: tuple[str, ...] = ()
    """What follows the module, the script or the program."""
    title: Title | None = None
    """What the program wrote over its command line, when it is one that does so."""

    @property
    def name(self) -> str:
        """The program's own name, without folders."""
        return self.program.rpartition("/")[2]  # asked so often that ``basename`` would show

    @property
    def is_python(self) -> bool:
        return is_python(self.name)

    @property
    def is_shell(self) -> bool:
        return self.name.lstrip("-") in _SHELLS


def is_python(name: str) -> bool:
    """Whether a program of this name is a Python: ``python3.11``, ``pypy3``, ``python3.14t``, ``Python``."""
    return _PYTHON.match(name) is not None


def read_argv(argv: Sequence[str]) -> Invocation | None:
    """What a process with this ``argv`` runs itself; None for an empty one."""
    return _read(tuple(argv))


@lru_cache(maxsize=16_384)  # every restarter asks this of every process
def _read(argv: tuple[str, ...]) -> Invocation | None:
    if not argv or not argv[0]:
        return None
    if argv[0].startswith("node /") and not any(argv[1:]):
        # The title that pm2 gives to a Node process of its own, in one word.
        return Invocation(program="node", script=argv[0].removeprefix("node "))
    program, rest = argv[0], list(argv[1:])
    name = program.rpartition("/")[2].lstrip("-")
    if is_python(name):
        return _read_python(program, rest)
    if _SCRIPTED.match(name):
        with_value = _SHELL_FLAGS_WITH_VALUE if name in _SHELLS else _NODE_FLAGS_WITH_VALUE
        return _read_scripted(program, rest, with_value)
    return Invocation(program=program, arguments=tuple(rest), title=read_title(argv))


def read_command(words: Sequence[str]) -> Invocation | None:
    """What a command runs in the end, as a user typed it: ``nohup timeout 5 python x.py`` is x.py."""
    remaining = list(words)
    while remaining:
        name = posixpath.basename(remaining[0])
        if _ASSIGNMENT.match(remaining[0]):
            remaining = remaining[1:]
        elif name in _RUNNERS and (own := _without_options(remaining[1:], _RUNNER_FLAGS_WITH_VALUE))[:1] == [
            "run"
        ]:
            remaining = _without_options(own[1:], _RUNNER_FLAGS_WITH_VALUE)
            if remaining[:1] and remaining[0].endswith(".py"):
                remaining = ["python3", *remaining]  # uv run FILE.py (docs.astral.sh/uv/guides/scripts)
        elif name in _WRAPPERS:
            remaining = _without_options(remaining[1:], _WRAPPERS[name])
            if name in _WRAPPERS_WITH_OPERAND:
                remaining = _without_options(remaining[1:], frozenset())
        else:
            return read_argv(remaining)
    return None


def _without_options(words: list[str], with_value: frozenset[str]) -> list[str]:
    index = 0
    while index < len(words) and words[index].startswith("-"):
        if words[index] == "--":
            return words[index + 1 :]
        index += 2 if words[index] in with_value else 1
    return words[index:]


def _read_python(program: str, rest: list[str]) -> Invocation:
    index = 0
    while index < len(rest):
        word = rest[index]
        if word == "--check-hash-based-pycs":
            index += 2
        elif word.startswith("--"):
            index += 1
        elif word.startswith("-") and len(word) > 1:
            letter, value = _python_flag_with_value(word)
            if letter == "":
                index += 1
                continue
            consumed = 1 if value else 2
            value = value or (rest[index + 1] if index + 1 < len(rest) else "")
            after = tuple(rest[index + consumed :])
            if letter == "m":
                return Invocation(program=program, module=value, arguments=after)
            if letter == "c":
                return Invocation(program=program, code=value, arguments=after)
            index += consumed
        else:
            return Invocation(program=program, script=word, arguments=tuple(rest[index + 1 :]))
    return Invocation(program=program)


def _python_flag_with_value(word: str) -> tuple[str, str]:
    """The letter in a cluster such as ``-um`` that takes a value, and the value if it is in the same word."""
    for position, letter in enumerate(word[1:], start=1):
        if letter in "mc" or letter in _PYTHON_FLAGS_WITH_VALUE:
            return letter, word[position + 1 :]
    return "", ""


def _read_scripted(program: str, rest: list[str], with_value: frozenset[str]) -> Invocation:
    shell = posixpath.basename(program).lstrip("-") in _SHELLS
    is_php = posixpath.basename(program).startswith("php")  # elsewhere -r names a module to load first
    index = 0
    while index < len(rest):
        word = rest[index]
        if word == "--":
            index += 1
            break
        if not word.startswith(("-", "+")) or word in ("-", "+"):
            break
        if shell and word.startswith("-") and not word.startswith("--") and "c" in word[1:]:
            code_at = index + 1
            code = rest[code_at] if code_at < len(rest) else ""
            return Invocation(program=program, code=code, arguments=tuple(rest[code_at + 1 :]))
        if not shell and (word in ("-e", "--eval", "-p", "--print") or (word == "-r" and is_php)):
            code = rest[index + 1] if index + 1 < len(rest) else ""
            return Invocation(program=program, code=code, arguments=tuple(rest[index + 2 :]))
        index += 2 if word in with_value else 1
    if index < len(rest):
        return Invocation(program=program, script=rest[index], arguments=tuple(rest[index + 1 :]))
    return Invocation(program=program)
