"""The shell's own commands: what they change for those that come after them, and what they print."""

import posixpath
import re
from collections.abc import Sequence

from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import Command, worst
from ghostfix.scripts.shell_flow import GOES_ON, Exit, Flow
from ghostfix.scripts.shell_words import ShellState, Word

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_ENDS = {
    "exit": Exit.SCRIPT,
    "return": Exit.FUNCTION,
    "continue": Exit.ROUND,
    "break": Exit.ROUND,
}
_NAMING = frozenset({"which", "command", "type", "realpath", "readlink"})
_PURE = frozenset({"pwd", "dirname", "basename", "echo", "cd", "printf"}) | _NAMING


def builtin(name: str, arguments: Sequence[Word], state: ShellState, output: str | None) -> Flow:
    """The effect of a command that the shell runs itself; nothing for any other.

    ``output`` is the file to which its redirections send the output.
    """
    if name in _ENDS:
        return Flow(_ENDS[name])
    if name == "exec":
        if arguments:
            return Flow(Exit.SCRIPT)
        state.output = output or state.output
    elif name in ("cd", "pushd"):
        if name == "pushd":
            state.folders.append(state.cwd)
        folders = [word for word in arguments if not re.fullmatch(r"-[LPe@]+|--", word.text)]
        state.go(folders[0] if folders else None)
    elif name == "popd" and state.folders:
        state.cwd = state.folders.pop()
    elif name == "shift" and state.positionals:
        count = int(arguments[0].text) if arguments and arguments[0].text.isdecimal() else 1
        del state.positionals[:count]
    elif name == "set" and arguments and arguments[0].text == "--":
        state.positionals = list(arguments[1:])
    elif name == "read":
        for word in arguments:
            state.variables.pop(word.text, None)
    return GOES_ON


def printed(commands: Sequence[Command], state: ShellState) -> Word | None:
    """What ``$(...)`` gives when it only works with paths and text; None when that is not known."""
    if not commands or any(command.words[0] not in _PURE for command in commands):
        return None
    last = commands[-1]
    text = None if last.confidence is POSSIBLE else _output(last, state)
    if text is None:
        return None
    doubtful = last.words[0] in _NAMING or len(commands) > 2
    return Word(text, worst(last.confidence, LIKELY if doubtful else CERTAIN))


def _output(command: Command, state: ShellState) -> str | None:
    name, *rest = command.words
    arguments = [word for word in rest if not word.startswith("-")]
    if name == "pwd":
        return state.cwd
    if name == "echo" or (name == "printf" and len(arguments) == 1):
        return " ".join(arguments)
    if not arguments:
        return None
    if name == "dirname":
        return posixpath.dirname(arguments[0]) or "."
    if name == "basename":
        base = posixpath.basename(arguments[0])
        return base.removesuffix(arguments[1]) if len(arguments) > 1 else base
    if name in ("realpath", "readlink"):
        return state.path(arguments[-1])
    return arguments[-1] if name in _NAMING else None
