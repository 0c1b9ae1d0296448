"""The record of a shell script's reading: its commands, each with the line on which it stands."""

from collections.abc import Mapping, Sequence

from msgspec import structs
from tree_sitter import Node

from ghostfix.model.job import Place
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import Command, Loop, worst
from ghostfix.scripts.shell_flow import Around
from ghostfix.scripts.shell_words import ShellState, Word
from ghostfix.scripts.syntax_tree import text_of

_SHOWN = 400


class ShellRecord:
    """The commands so far, and the texts in which they stand."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.via: tuple[Place, ...] = ()
        """The lines outside the text that is being read that lead to it."""
        self.above = 0
        """The number of lines above the text, for one that stands within another (``eval``)."""
        self._lines: dict[str, list[str]] = {}

    def open(self, file: str, source: bytes) -> None:
        """Keeps the lines of a file, to quote them."""
        lines = source.decode(errors="backslashreplace").split("\n")
        self._lines[file] = [line[:_SHOWN].strip() for line in lines]

    def line(self, node: Node) -> int:
        return node.start_point.row + 1 + self.above

    def place(self, node: Node, state: ShellState) -> Place:
        lines = self._lines.get(state.file, [])
        line = self.line(node)
        return Place(state.file, line, lines[line - 1] if line <= len(lines) else one_line(text_of(node)))

    def add(
        self,
        node: Node,
        words: Sequence[Word],
        own: Mapping[str, Word],
        state: ShellState,
        around: Around,
    ) -> None:
        """Adds a command; ``own`` are the variables that it alone is given."""
        given = tuple(
            Variable(name, word.text)
            for name, word in own.items()
            if word.confidence is not Confidence.POSSIBLE
        )
        place = self.place(node, state)
        self.commands.append(
            Command(
                words=tuple(word.text for word in words),
                line=self.line(node),
                text=place.text,
                file=state.file,
                confidence=worst(around.sure, *(word.confidence for word in words)),
                cwd=state.cwd,
                via=self.via,
                loop=around.loop,
                guard=one_line(around.guard),
                background=around.background,
                output=around.output or state.output,
                stdin=around.stdin,
                variables=(*state.environment(), *given),
                branches=around.branches,
            )
        )

    def again(self, start: int, loop: Loop) -> None:
        """What was added since ``start`` comes round again: a function or the script calls itself."""
        for index in range(start, len(self.commands)):
            if self.commands[index].loop is None:
                self.commands[index] = structs.replace(self.commands[index], loop=loop)


def one_line(text: str) -> str:
    """Source text in one line, its beginning when it is long."""
    return " ".join(text[:_SHOWN].split())
