"""A repair that asks, in a genuine terminal: step by step, and whether to roll back what did not hold."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.dialogue import Dialogue
from tests.real.small_house import PIDFILE, RUNNER, SmallHouse, small_house

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(180)]
STEP = "[y]es, [n]o, [a]ll, [q]uit: "
BREAKS = RUNNER.replace("import http", "import threading, http").replace(
    "if not stubborn:", "threading.Timer(3, lambda: os._exit(1)).start()\nif not stubborn:"
)
"""A service that comes up, and does not stay."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as found:
        found.haunt()
        yield found


def repairing(house: SmallHouse, *options: str) -> Dialogue:
    command = (sys.executable, "-m", "ghostfix", "repair", *options)
    return Dialogue(command, house.folder, house.environment)


def test_asked_before_each_step(house: SmallHouse) -> None:
    """The first ghost is stopped, the second is not; then the user has enough."""
    ghosts = house.ghost_pids()
    repair = repairing(house, "--step", "--hold-for", "0s")
    repair.hears(STEP)
    repair.answer("what?")
    repair.hears(STEP)
    repair.answer("y")
    repair.hears(STEP)
    repair.answer("n")
    repair.hears(STEP)
    repair.answer("q")
    repair.hears("Roll it back? [y/N] ")
    repair.answer("n")
    assert repair.end() == 4
    assert "you did not want it" in repair.said
    assert "you stopped the repair here" in repair.said
    assert len(house.ghost_pids()) == 1
    assert house.ghost_pids()[0] in ghosts
    assert house.pid_file.read_bytes() == PIDFILE


def test_all_is_every_step_from_there_on(house: SmallHouse) -> None:
    repair = repairing(house, "--step", "--hold-for", "0s")
    repair.hears(STEP)
    repair.answer("a")
    assert repair.end() == 0, repair.said
    assert STEP not in repair.said.partition(STEP)[2]
    assert len(house.ghost_pids()) == 1
    assert not house.pid_file.exists()


def test_no_means_that_nothing_is_done(house: SmallHouse) -> None:
    ghosts = house.ghost_pids()
    repair = repairing(house)
    repair.hears("steps? [y/N] ")
    repair.answer("")
    assert repair.end() == 4
    assert "nothing was done" in repair.said
    assert house.ghost_pids() == ghosts
    assert house.runs() == []


@pytest.mark.parametrize("wanted", [True, False])
def test_what_did_not_hold_can_be_rolled_back(house: SmallHouse, wanted: bool) -> None:
    house.write("run.py", BREAKS)
    repair = repairing(house, "--yes", "--hold-for", "5s")
    repair.hears("Roll it back? [y/N] ")
    repair.answer("y" if wanted else "n")
    assert repair.end() == 5, repair.said
    assert "did not hold" in repair.said
    assert house.pid_file.exists() is wanted


def test_rolled_back_without_being_asked(house: SmallHouse) -> None:
    house.write("run.py", BREAKS)
    answer = house.ghostfix("repair", "--yes", "--hold-for", "5s", "--rollback-on-failure")
    assert answer.returncode == 5, answer.stdout + answer.stderr
    assert house.pid_file.read_bytes() == PIDFILE
    assert house.ghost_pids() == []
    (run,) = house.runs()
    assert "undone" in house.ghostfix("undo", "--list").stdout
    assert "nothing left to undo" in house.ghostfix("undo", run, "--yes").stdout


def test_without_the_wish_and_without_a_terminal_it_stays(house: SmallHouse) -> None:
    house.write("run.py", BREAKS)
    answer = house.ghostfix("repair", "--yes", "--hold-for", "5s")
    assert answer.returncode == 5, answer.stdout + answer.stderr
    assert not house.pid_file.exists()
    assert "ghostfix undo" in answer.stdout


def test_an_undo_asks_as_well(house: SmallHouse) -> None:
    assert house.ghostfix("repair", "--yes", "--hold-for", "0s", "--quiet").returncode == 0
    undo = Dialogue((sys.executable, "-m", "ghostfix", "undo"), house.folder, house.environment)
    undo.hears("Take these steps back? [y/N] ")
    undo.answer("y")
    assert undo.end() == 0, undo.said
    assert house.pid_file.read_bytes() == PIDFILE


def test_an_unknown_run_is_a_mistake_on_the_command_line(house: SmallHouse) -> None:
    assert house.ghostfix("repair", "--yes", "--hold-for", "0s", "--quiet").returncode == 0
    answer = house.ghostfix("undo", "20010101-000000-dead")
    assert answer.returncode == 2, answer.stdout + answer.stderr
    assert "ghostfix undo --list" in answer.stderr
