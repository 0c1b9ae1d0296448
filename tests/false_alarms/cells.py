"""All cells, in the order of the rows. Importing the modules registers what is in them."""

from tests.false_alarms import (
    crowd_cells,
    machine_cells,
    multiples_cells,
    onlooker_cells,
    process_cells,
    venv_cells,
    web_cells,
)
from tests.false_alarms.cell import CELLS as REGISTERED
from tests.false_alarms.cell import ROWS, Cell

MODULES = (web_cells, process_cells, multiples_cells, onlooker_cells, machine_cells, venv_cells, crowd_cells)
CELLS: tuple[Cell, ...] = tuple(sorted(REGISTERED, key=lambda cell: ROWS.index(cell.row)))
