"""Every cell of the table, with genuine processes and the real program."""

import pytest

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.finding import Check
from tests.false_alarms.bench import bench
from tests.false_alarms.cell import ROWS, Cell, Kind, judged
from tests.false_alarms.cells import CELLS
from tests.false_alarms.folders import folders
from tests.false_alarms.page import PAGE, not_flagged, page

QUICK = tuple(
    next(cell for cell in CELLS if cell.row == row and cell.kind is kind) for row in ROWS[:3] for kind in Kind
)
"""The cells of the first stage: the first healthy look and the first ghost of each kind of web server."""


@pytest.mark.real
@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, id=cell.name, marks=[pytest.mark.slow] if cell not in QUICK else [])
        for cell in CELLS
    ],
)
def test_cell(cell: Cell) -> None:
    with bench() as opened:
        cell.build(opened)
        assert judged(cell, opened) is None


def test_every_row_has_both_columns() -> None:
    for row in ROWS:
        assert {cell.kind for cell in CELLS if cell.row == row} == set(Kind), row


def test_no_two_cells_have_one_name() -> None:
    assert len({cell.name for cell in CELLS}) == len(CELLS)


def test_the_page_is_as_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.false_alarms.page"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_check_says_what_it_leaves_alone(check: Check) -> None:
    assert not_flagged(check).endswith(".")


ONLY_ON_LINUX = {
    "healthy-pid-1": "macOS has no containers of its own",
    "healthy-linux": "its twin is healthy-macos",
}


ONLY_ON_MACOS = {
    "healthy-framework-macos": "Linux has no framework builds of Python",
    "ghost-framework-macos": "likewise",
    "healthy-macos": "its twin is healthy-linux",
}


def test_every_folder_is_diagnosed_as_linux_and_as_macos() -> None:
    names = {folder.name for folder in folders()}
    alone = {name for name in names if not name.endswith("-macos") and f"{name}-macos" not in names}
    assert alone == ONLY_ON_LINUX.keys()
    theirs = {name for name in names if name.endswith("-macos") and name.removesuffix("-macos") not in names}
    assert theirs == ONLY_ON_MACOS.keys()
