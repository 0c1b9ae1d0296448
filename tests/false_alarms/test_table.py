"""Every cell of the table, with genuine processes and the real program."""

import pytest

from tests.false_alarms.bench import bench
from tests.false_alarms.cell import ROWS, Cell, Kind, wrong
from tests.false_alarms.cells import CELLS


@pytest.mark.real
@pytest.mark.parametrize(
    "cell",
    [pytest.param(cell, id=cell.name, marks=[pytest.mark.slow] if cell.slow else []) for cell in CELLS],
)
def test_cell(cell: Cell) -> None:
    with bench() as opened:
        cell.build(opened)
        assert wrong(cell, opened.diagnose(), opened.instances) is None


def test_every_row_has_both_columns() -> None:
    for row in ROWS:
        assert {cell.kind for cell in CELLS if cell.row == row} == set(Kind), row


def test_no_two_cells_have_one_name() -> None:
    assert len({cell.name for cell in CELLS}) == len(CELLS)
