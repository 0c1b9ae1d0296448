"""What every row of the register owes: one word for each fact, and nothing that another row contradicts."""

from collections import Counter
from pathlib import Path

import pytest

from ghostfix.managers.interface import Manager
from ghostfix.managers.register import ADOPTIONS, MANAGERS, SIGNS, adopters, restarters
from ghostfix.model.manager_signs import ManagerSigns

TESTS = Path(__file__).parent


def name(manager: Manager) -> str:
    return manager.restarters.__module__.rpartition(".")[2]


@pytest.mark.parametrize("manager", MANAGERS, ids=name)
def test_a_row_is_whole(manager: Manager) -> None:
    """Each kind that can be read and held is described, and each way to adopt says when it is at hand."""
    kinds = [signs.kind for signs in manager.signs]
    assert kinds
    assert {restarter.kind for restarter in manager.restarters()} <= set(kinds)
    assert [adoption.kind for adoption in manager.adoptions] == [one.kind for one in manager.adopters()]


@pytest.mark.parametrize("manager", [one for one in MANAGERS if one.restarters()], ids=name)
def test_what_can_be_held_has_its_tests(manager: Manager) -> None:
    assert list((TESTS / name(manager)).glob("test_*.py"))


@pytest.mark.parametrize("signs", SIGNS, ids=lambda signs: f"{signs.kind} {signs.title}")
def test_each_kind_can_be_recognised(signs: ManagerSigns) -> None:
    """By a process, by a mark, or by the program that commands it; a plain loop is known by its script."""
    assert signs.title
    assert signs.processes or signs.variables or signs.commands or signs.kind == "watchdog"


def test_one_process_and_one_mark_belong_to_one_kind() -> None:
    processes = Counter(process.name for signs in SIGNS for process in signs.processes)
    marks = Counter(variable for signs in SIGNS for variable in signs.variables)
    assert [each for each, count in (*processes.items(), *marks.items()) if count > 1] == []


def test_the_kinds_of_the_whole_register() -> None:
    assert len({one.kind for one in restarters()}) == len(restarters())
    assert [one.kind for one in ADOPTIONS] == [one.kind for one in adopters()]
