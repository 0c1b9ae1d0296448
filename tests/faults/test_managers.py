"""ghostfix is killed at every instant of holding, ending or restarting: nothing of it is lost.

The steps that concern no restarter have their turn in ``test_faults``.
"""

import pytest

from ghostfix.repair import journal
from ghostfix.repair.every_step import STEPS
from ghostfix.repair.execute import execute, undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from tests.fake_system import FakeSystem
from tests.faults.adoption_scenes import ADOPTION_SCENES
from tests.faults.holding_scenes import HOLDING_SCENES
from tests.faults.kill import ALONE, LASTING, Killed, killed_at
from tests.faults.manager_scenes import MANAGER_SCENES
from tests.faults.test_faults import PLANS, SERVICE, a_machine

SCENES = {**HOLDING_SCENES, **MANAGER_SCENES, **ADOPTION_SCENES}


def test_every_kind_of_step_has_its_turn() -> None:
    tried = {type(step) for build in SCENES.values() for step in build().steps}
    tried |= {type(step) for plan in PLANS.values() for step in plan(a_machine())}
    assert tried == set(STEPS)


def undo_everything(machine: FakeSystem) -> None:
    for run in journal.runs(machine):
        entries = undo(machine, run.id)
        assert all(entry.state in (EntryState.UNDONE, EntryState.IRREVERSIBLE) for entry in entries), entries


def acts_of(name: str) -> tuple[int, int, object, object]:
    """How many acts the plan and its undoing take; the start and the end."""
    scene = SCENES[name]()
    start = scene.state()
    with killed_at(scene.machine, -1, "before") as acts:
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
    assert run.complete, run.entries
    end = scene.state()
    assert end != start
    with killed_at(scene.machine, -1, "before") as undo_acts:
        undo(scene.machine, run.id)
    assert scene.state() == start
    return len(acts), len(undo_acts), start, end


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_killed_while_it_repairs(name: str, how: str) -> None:
    count, _, start, end = acts_of(name)
    for instant in range(count):
        for undo_first in (True, False):
            scene = SCENES[name]()
            with killed_at(scene.machine, instant, how), pytest.raises(Killed):
                execute(scene.machine, Plan(scene.steps), SERVICE)
            steps = scene.steps
            if undo_first:
                undo_everything(scene.machine)
                assert scene.state() == start, f"undo after {instant}"
                steps = scene.planned_anew()
            run = execute(scene.machine, Plan(steps), SERVICE)
            assert run.complete, (instant, run.entries)
            assert scene.state() == end, f"repair after {instant}"
            undo_everything(scene.machine)
            assert scene.state() == start, f"undo of both after {instant}"


@pytest.mark.parametrize("how", ["before", "in", "after"])
@pytest.mark.parametrize("name", SCENES)
def test_killed_while_it_undoes(name: str, how: str) -> None:
    _, count, start, _ = acts_of(name)
    for instant in range(count):
        scene = SCENES[name]()
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
        with killed_at(scene.machine, instant, how), pytest.raises(Killed):
            undo(scene.machine, run.id)
        undo_everything(scene.machine)
        assert scene.state() == start, f"after {instant}"


def lasting(acts: list[str]) -> list[int]:
    return [instant for instant, act in enumerate(acts) if act == LASTING]


def lasting_acts(name: str) -> tuple[list[int], list[int]]:
    """The acts of a scene, and of undoing it, that a command of its own carries out to the end."""
    scene = SCENES[name]()
    with killed_at(scene.machine, -1, "before") as acts:
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
    with killed_at(scene.machine, -1, "before") as undo_acts:
        undo(scene.machine, run.id)
    return lasting(acts), lasting(undo_acts)


FED = [name for name in SCENES if any(lasting_acts(name))]


@pytest.mark.parametrize("how", ALONE)
@pytest.mark.parametrize("name", FED)
def test_killed_while_its_command_goes_on(name: str, how: str) -> None:
    """The command that was started ends after ghostfix: undo comes after it, and says what is true."""
    repairing, undoing = lasting_acts(name)
    start, end = acts_of(name)[2:]
    for instant in repairing:
        scene = SCENES[name]()
        with killed_at(scene.machine, instant, how), pytest.raises(Killed):
            execute(scene.machine, Plan(scene.steps), SERVICE)
        undo_everything(scene.machine)
        scene.machine.let_go_on()
        assert scene.state() == start, f"undo after {instant}"
        run = execute(scene.machine, Plan(scene.planned_anew()), SERVICE)
        assert run.complete, run.entries
        assert scene.state() == end
    for instant in undoing:
        scene = SCENES[name]()
        run = execute(scene.machine, Plan(scene.steps), SERVICE)
        with killed_at(scene.machine, instant, how), pytest.raises(Killed):
            undo(scene.machine, run.id)
        undo_everything(scene.machine)
        scene.machine.let_go_on()
        assert scene.state() == start, f"undo after {instant} of an undo"


@pytest.mark.parametrize("name", SCENES)
def test_executed_twice_is_executed_once(name: str) -> None:
    _, _, start, end = acts_of(name)
    scene = SCENES[name]()
    execute(scene.machine, Plan(scene.steps), SERVICE)
    again = execute(scene.machine, Plan(scene.steps), SERVICE)
    assert again.complete, again.entries
    assert scene.state() == end
    undo_everything(scene.machine)
    assert scene.state() == start
