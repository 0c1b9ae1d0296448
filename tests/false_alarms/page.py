"""``docs/false-alarms.md``, written from the cells of the table and from the checks' own pages."""

import re
from collections.abc import Iterator
from pathlib import Path

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.finding import Check
from tests.false_alarms.cell import ROWS, Cell, Kind
from tests.false_alarms.cells import CELLS
from tests.false_alarms.folders import folders

PAGE = Path(__file__).parents[2] / "docs" / "false-alarms.md"
_OPENING = """# No false alarms

A doctor that blames the healthy is worse than none. On a healthy machine ghostfix says so in one line and
exits 0. This page says which healthy looks are tried, which true fault hides behind each, and what every
check leaves alone.

```
python -m tests.false_alarms              # the whole table, with its counts (about five minutes)
python -m tests.false_alarms gunicorn     # the cells whose row or name contains a word
```

Each look is built with the real server, and diagnosed by the real program with `--fail-on warning`: one
instance (or as many as are meant), verdict healthy, exit code 0. Then `ghostfix init --from PID` writes a
profile from the running service, and by that profile it has to be healthy as well. Each ghost beside it has
to be found, by the codes that are named. The same looks are kept in memory as folders of `tests/machines`,
for Linux and for macOS.

Some looks are stood in for. Where there is no pyenv, its scripts are ours, and become each other as its
sources say; a conda environment is laid out as conda does, with a Python of its own; the container is
namespaces and a control group without an engine. A framework build of Python, which only macOS has, is
tried in memory only.
"""
_FLAGGED = re.compile(r"Not\s+flagged:(.*?)(?:\n\n|\Z)", re.DOTALL)


def page() -> str:
    """The whole page."""
    return "\n".join((_OPENING, *_table(), *_in_memory(), *_left_alone()))


def not_flagged(check: Check) -> str:
    """What a check says of itself that it leaves alone, in one line; empty when it says nothing."""
    found = _FLAGGED.search(check.page)
    return "" if found is None else " ".join(found[1].split()).replace("``", "`")


def _table() -> Iterator[str]:
    yield "## The table\n\n| row | healthy looks | true ghosts, and what is found |\n| --- | --- | --- |"
    for row in ROWS:
        cells = [cell for cell in CELLS if cell.row == row]
        yield f"| {row} | {_listed(cells, Kind.HEALTHY)} | {_listed(cells, Kind.GHOST)} |"
    yield ""


def _listed(cells: list[Cell], kind: Kind) -> str:
    return "; ".join(cell.look + _codes(cell) for cell in cells if cell.kind is kind)


def _codes(cell: Cell) -> str:
    return f" ({', '.join(f'`{code}`' for code in cell.found)})" if cell.found else ""


def _in_memory() -> Iterator[str]:
    yield "## In memory\n"
    for kind in Kind:
        names = [f"`{folder.name}`" for folder in folders() if folder.kind is kind]
        yield f"{len(names)} {kind.value} machines: {', '.join(names)}.\n"


def _left_alone() -> Iterator[str]:
    yield "## What each check does not flag\n\n| check | leaves alone |\n| --- | --- |"
    for check in CHECKS:
        yield f"| [`{check.code}`](checks.md#{check.code}) | {not_flagged(check)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
