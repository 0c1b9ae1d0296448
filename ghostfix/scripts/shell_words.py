"""What the words of a shell script stand for: variables, defaults, positional parameters, ``~``, quotes."""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from msgspec import Struct
from tree_sitter import Node

from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import Scene, worst
from ghostfix.scripts.syntax_tree import text_of

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "e": "\x1b", "0": "\0"}
_EXPANSIONS = frozenset({"simple_expansion", "expansion", "command_substitution"})


class Word(Struct, frozen=True):
    """One word. POSSIBLE: it could not be resolved, and ``text`` is what stands in the script."""

    text: str
    confidence: Confidence = CERTAIN
    check: str = ""
    """The check whose answer it holds (``$(pgrep ...)``), as it is written."""


@dataclass
class ShellState:
    """What is known at one point of a script. A subshell works on a copy."""

    file: str
    cwd: str | None
    home: str | None
    positionals: list[Word] | None
    managers: tuple[ManagerSigns, ...] = ()
    variables: dict[str, Word] = field(default_factory=dict)
    arrays: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    functions: dict[str, tuple[Node, str]] = field(default_factory=dict)
    """Name -> body, and the file in which it stands."""
    exported: set[str] = field(default_factory=set)
    folders: list[str | None] = field(default_factory=list)
    output: str | None = None

    @classmethod
    def at_start(cls, scene: Scene) -> "ShellState":
        arguments = None if scene.arguments is None else [Word(text) for text in scene.arguments]
        state = cls(scene.file, scene.cwd, scene.home, arguments, scene.managers)
        state.variables = {entry.name: Word(entry.value, LIKELY) for entry in scene.variables}
        state.exported = set(state.variables)
        if scene.home is not None:
            state.variables.setdefault("HOME", Word(scene.home, LIKELY))
        return state

    def copy(self) -> "ShellState":
        positionals = None if self.positionals is None else list(self.positionals)
        return ShellState(
            self.file, self.cwd, self.home, positionals, self.managers, dict(self.variables),
            dict(self.arrays), dict(self.functions), set(self.exported), list(self.folders), self.output,
        )  # fmt: skip

    def go(self, folder: Word | None) -> None:
        """``cd``: to the home folder without a word, nowhere known for one that is unresolved."""
        if folder is None:
            self.cwd = self.home
        elif folder.confidence is POSSIBLE or folder.text == "-":
            self.cwd = None
        else:
            self.cwd = self.path(folder.text)

    def path(self, text: str) -> str | None:
        """A path as seen from the working directory; None when that is unknown and the path is relative."""
        if not text.startswith("/") and self.cwd is None:
            return None
        return posixpath.normpath(posixpath.join(self.cwd or "/", text))

    def environment(self) -> tuple[Variable, ...]:
        return tuple(
            Variable(name, self.variables[name].text)
            for name in sorted(self.exported)
            if name in self.variables and self.variables[name].confidence is not POSSIBLE
        )

    def value(self, name: str) -> Word | None:
        """The value of a variable or parameter; None when it is not known."""
        if name in ("0", "BASH_SOURCE", "ZSH_SCRIPT"):
            return Word(self.file) if self.file else None
        if name == "PWD":
            return None if self.cwd is None else Word(self.cwd)
        if name.isdigit():
            return self._positional(int(name))
        if name == "#":
            return None if self.positionals is None else Word(str(len(self.positionals)))
        if name in self.arrays:
            return self.arrays[name][0] if self.arrays[name] else Word("")
        return self.variables.get(name)

    def _positional(self, number: int) -> Word | None:
        if self.positionals is None:
            return None
        return self.positionals[number - 1] if number <= len(self.positionals) else Word("")


Substitute = Callable[[Node, ShellState], Word]
"""What a command substitution gives; the script's reader knows."""


def expand_all(nodes: Iterable[Node], state: ShellState, substitute: Substitute) -> list[Word]:
    return [word for node in nodes for word in expand(node, state, substitute)]


def expand(node: Node, state: ShellState, substitute: Substitute) -> list[Word]:
    """The words that one node becomes: several for ``"$@"``, ``"${A[@]}"`` and an unquoted ``$CMD``."""
    many = _many(node, state)
    if many is not None:
        return list(many)
    word = expand_one(node, state, substitute)
    if node.type in _EXPANSIONS and word.confidence is not POSSIBLE:
        return [Word(part, word.confidence, word.check) for part in word.text.split()]
    return [word]


def expand_one(node: Node, state: ShellState, substitute: Substitute) -> Word:
    """The text that one node stands for, not split."""
    kind = node.type
    if kind in ("word", "number", "extglob_pattern", "variable_name", "command_name"):
        if node.named_child_count and kind != "word":
            return _joined(node, state, substitute)
        return _plain(node.text or b"", state)
    if kind == "raw_string":
        return Word(text_of(node)[1:-1])
    if kind == "ansi_c_string":
        return Word(_unescaped(text_of(node)[2:-1]))
    if kind in ("string", "translated_string", "heredoc_body"):
        return _joined(node, state, substitute, quoted=True)
    if kind == "concatenation":
        return _joined(node, state, substitute)
    if kind == "simple_expansion":
        return _found(state, text_of(node)[1:], text_of(node))
    if kind == "expansion":
        return _expansion(node, state, substitute)
    if kind == "command_substitution":
        return substitute(node, state)
    if kind in ("string_content", "heredoc_content"):
        return Word(_unquoted(node.text or b""))
    return Word(text_of(node), POSSIBLE)


def _joined(node: Node, state: ShellState, substitute: Substitute, quoted: bool = False) -> Word:
    """The node's parts and what stands between them, which the grammar does not always name."""
    source = node.text or b""
    words: list[Word] = []
    at = 0
    for child in node.named_children:
        start, end = child.start_byte - node.start_byte, child.end_byte - node.start_byte
        words.append(Word(_gap(source[at:start], quoted)))
        words.append(expand_one(child, state, substitute))
        at = end
    words.append(Word(_gap(source[at:], quoted)))
    text = "".join(word.text for word in words)
    if node.type in ("string", "translated_string"):
        text = text[text.find('"') + 1 : -1] if text.endswith('"') else text.lstrip('$"')
    check = next((word.check for word in words if word.check), "")
    return Word(text, worst(*(word.confidence for word in words)), check)


def _gap(source: bytes, quoted: bool) -> str:
    return _unquoted(source) if quoted else source.decode(errors="backslashreplace")


def _unquoted(source: bytes) -> str:
    """Text within double quotes, its escapes taken away."""
    return re.sub(rb"\\([\\\"$`])", rb"\1", source.replace(b"\\\n", b"")).decode(errors="backslashreplace")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(0)), text)


def _plain(source: bytes, state: ShellState) -> Word:
    """A word without quotes: ``~`` is the home folder, a backslash takes the next character as it is."""
    text = re.sub(rb"\\(.)", rb"\1", source.replace(b"\\\n", b"")).decode(errors="backslashreplace")
    if text == "~" or text.startswith("~/"):
        return Word(text, POSSIBLE) if state.home is None else Word(state.home + text[1:], LIKELY)
    return Word(text)


def _found(state: ShellState, name: str, written: str) -> Word:
    found = state.value(name)
    return Word(written, POSSIBLE) if found is None else found


def _many(node: Node, state: ShellState) -> Sequence[Word] | None:
    """What ``$@`` and ``${A[@]}``, quoted or not, stand for; None for any other node."""
    written = text_of(node).strip('"')
    if written in ("$@", "$*", "${@}", "${*}"):
        return state.positionals
    match = re.fullmatch(r"\$\{([A-Za-z_]\w*)\[[@*]\]\}", written)
    return None if match is None else state.arrays.get(match.group(1))


def _expansion(node: Node, state: ShellState, substitute: Substitute) -> Word:
    written = text_of(node)
    match = re.match(r"\$\{(!?)([A-Za-z_]\w*|[0-9]+|[#@*?$!])(\[[^\]]*\])?(:?[-=+?]|%%?|##?)?", written)
    if match is None or written.startswith("${#") or match.group(1):
        return Word(written, POSSIBLE)
    name, operator = match.group(2), match.group(4)
    value = state.value(name)
    if operator is None:
        plain = match.end() == len(written) - 1
        return value if plain and value is not None else Word(written, POSSIBLE)
    operand = _operand(node, match.end(), state, substitute)
    if operator in ("%", "%%", "#", "##"):
        return Word(written, POSSIBLE) if value is None else _trimmed(value, operator, operand.text)
    if "?" in operator:
        return Word(written, POSSIBLE) if value is None else value
    if "+" in operator:
        return Word("", LIKELY) if value is None or not value.text else operand
    if value is not None and (value.text or ":" not in operator):
        return value
    # Known to be empty, the default holds; not known, the environment may have it.
    default = Word(operand.text, worst(LIKELY if value is None else value.confidence, operand.confidence))
    if "=" in operator:
        state.variables[name] = default
    return default


def _operand(node: Node, offset: int, state: ShellState, substitute: Substitute) -> Word:
    """What stands after the operator of ``${name:-...}``, up to the closing brace."""
    parts: list[Word] = []
    source = node.text or b""
    # The offset counts characters, which are bytes up to here: names and operators are ASCII.
    at = offset
    for child in node.named_children:
        start, end = child.start_byte - node.start_byte, child.end_byte - node.start_byte
        if start < offset:
            continue
        parts.extend((Word(_gap(source[at:start], quoted=True)), expand_one(child, state, substitute)))
        at = end
    parts.append(Word(_gap(source[at:-1], quoted=True)))
    return Word("".join(part.text for part in parts), worst(*(part.confidence for part in parts)))


def _trimmed(value: Word, operator: str, pattern: str) -> Word:
    """``${name%pattern}`` and its kin: the shortest or the longest match taken from one end."""
    text = value.text
    cuts = range(len(text) + 1)
    if operator.startswith("%"):
        order = reversed(cuts) if operator == "%" else cuts
        kept = next((text[:cut] for cut in order if fnmatchcase(text[cut:], pattern)), text)
    else:
        order = cuts if operator == "#" else reversed(cuts)
        kept = next((text[cut:] for cut in order if fnmatchcase(text[:cut], pattern)), text)
    return Word(kept, value.confidence)
