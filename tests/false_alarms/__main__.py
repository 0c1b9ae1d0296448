"""``python -m tests.false_alarms``: the table of healthy looks and true ghosts, with its counts.

Each cell is built with genuine processes, and diagnosed by the real program; then every folder of
``tests/machines`` whose name begins with ``healthy-`` or ``ghost-`` is diagnosed in memory. Arguments choose
the cells whose name or row contains one of them. The exit status is 0 when nothing is wrong.
"""

import sys
from collections.abc import Iterable, Sequence

import pytest
from msgspec import Struct

from tests.false_alarms.bench import bench
from tests.false_alarms.cell import Cell, Kind, judged
from tests.false_alarms.cells import CELLS
from tests.false_alarms.folders import folders, wrong_folder

MARKS = {True: "✓", False: "✗"}


class Line(Struct, frozen=True):
    """What became of one cell. ``problem`` is None when it is right; ``skipped`` says what it lacks."""

    row: str
    kind: Kind
    look: str
    problem: str | None = None
    skipped: str | None = None


def real(cells: Iterable[Cell]) -> Iterable[Line]:
    """Builds and diagnoses one cell after the other."""
    for cell in cells:
        skipped = problem = None
        with bench() as opened:
            try:
                cell.build(opened)
                problem = judged(cell, opened)
            except pytest.skip.Exception as lacking:
                skipped = str(lacking)
            except AssertionError as failure:
                problem = str(failure)
        yield Line(cell.row, cell.kind, cell.look, problem, skipped)


def in_memory(wanted: Sequence[str]) -> Iterable[Line]:
    """Diagnoses the machines' folders."""
    for folder in folders():
        if not wanted or any(word in folder.name for word in wanted):
            yield Line("in memory", folder.kind, folder.name, wrong_folder(folder))


def main(wanted: Sequence[str]) -> int:
    chosen = [
        cell for cell in CELLS if not wanted or any(word in f"{cell.row} {cell.name}" for word in wanted)
    ]
    lines = []
    row = ""
    for line in _each(chosen, wanted):
        if line.row != row:
            row = line.row
            print(f"\n{row}")
        lines.append(line)
        print(f"  {_mark(line)} {line.kind.value:<8}{line.look}", flush=True)
        if line.problem or line.skipped:
            print(f"      {line.problem or 'skipped: ' + str(line.skipped)}", flush=True)
    print(f"\n{counts(lines)}")
    return 1 if any(line.problem for line in lines) else 0


def _each(chosen: Sequence[Cell], wanted: Sequence[str]) -> Iterable[Line]:
    yield from real(chosen)
    yield from in_memory(wanted)


def _mark(line: Line) -> str:
    return "-" if line.skipped else MARKS[line.problem is None]


def counts(lines: Sequence[Line]) -> str:
    """True and false positives and negatives: a positive is a ghost that was called one."""
    judged = [line for line in lines if line.skipped is None]

    def number(kind: Kind, right: bool) -> int:
        return sum(line.kind is kind and (line.problem is None) is right for line in judged)

    return (
        f"ghosts found (true positives): {number(Kind.GHOST, True)}\n"
        f"ghosts missed (false negatives): {number(Kind.GHOST, False)}\n"
        f"healthy looks left alone (true negatives): {number(Kind.HEALTHY, True)}\n"
        f"healthy looks blamed (false positives): {number(Kind.HEALTHY, False)}\n"
        f"skipped: {len(lines) - len(judged)}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
