"""Console page: lines of text as they grow, and how they become what a terminal of some width shows."""

import io
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ghostfix.report.output_options import Layout
from ghostfix.report.symbols import Marks, to_ascii

Pieces = tuple[str, str]
"""A text and its style. The text is never read as markup."""


class Page:
    """The lines of one page."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.marks = Marks()
        self.parts: list[RenderableType] = []

    def text(self, text: str, style: str = "") -> Text:
        return Text(text if self.layout.unicode else to_ascii(text), style=style)

    def joined(self, *pieces: Pieces) -> Text:
        line = Text()
        for text, style in pieces:
            line.append_text(self.text(text, style))
        return line

    def line(self, *pieces: Pieces, indent: int = 0) -> None:
        self.parts.append(Padding(self.joined(*pieces), (0, 0, 0, indent)))

    def item(self, mark: str, style: str, text: Text, indent: int = 0) -> None:
        """A mark and a text beside it, whose further lines are indented as well."""
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(self.text(mark, style), text)
        self.parts.append(Padding(grid, (0, 0, 0, indent), expand=False))

    def columns(
        self, rows: Sequence[tuple[Text, ...]], widths: tuple[int, ...], indent: int, gap: int = 1
    ) -> None:
        """Rows of cells beside each other; a width of 0 wraps, another one is the column's least."""
        grid = Table.grid(padding=(0, gap, 0, 0))
        for width in widths:
            grid.add_column(no_wrap=width > 0, min_width=width or None, overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self.parts.append(Padding(grid, (0, 0, 0, indent), expand=False))

    def gap(self) -> None:
        self.parts.append(Text())

    def heading(self, text: str) -> None:
        self.parts.append(Text())
        self.line((text, "bold"))

    def printed(self) -> str:
        colour = self.layout.colour
        console = Console(
            file=io.StringIO(),
            width=max(self.layout.width, 20),
            force_terminal=colour,
            color_system="standard" if colour else None,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )
        with console.capture() as capture:
            for part in self.parts:
                console.print(part)
        return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
