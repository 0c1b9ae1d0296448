"""What a run keeps of processes finds them again: after the clock was set, a sudden end, another boot."""

from collections.abc import Callable

import msgspec
import pytest

from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.machine import Platform, Signal, same_start
from ghostfix.model.process import Process, ProcessState
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Step
from ghostfix.repair import journal, undo_data
from ghostfix.repair.execute import execute, undo, would_undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.steps.stop_process import StopProcess
from tests.fake_system import FakeSystem

SERVICE = Service(name="shop", profile="test", directory="/srv/shop", script="shop.py")
LOOP = ("bash", "keep.sh")


class Killed(BaseException):
    """``kill -9`` of ghostfix."""


def a_machine(platform: Platform = Platform.LINUX) -> FakeSystem:
    machine = FakeSystem(platform)
    machine.add_program("bash")
    machine.add_folder("/srv/shop", uid=machine.caller().uid)
    machine.add_process(500, LOOP, cwd="/srv/shop")
    machine.add_process(501, ("sleep", "2"), ppid=500, started=machine.now())
    return machine


def record(machine: FakeSystem, pid: int) -> Process:
    return machine.table[pid].record


def state(machine: FakeSystem, pid: int) -> ProcessState:
    return record(machine, pid).state


def killed_before(machine: FakeSystem, signal: Signal, step: Step) -> str:
    """Does the step, and is killed when it would send this signal; gives the run."""
    genuine = machine.signal

    def dies(process: Process, sent: Signal) -> None:
        if sent is signal:
            raise Killed
        genuine(process, sent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "signal", dies)
        # Whoever is killed tidies nothing up.
        patch.setattr("ghostfix.steps.terminate._Tree._let_go", lambda *_: None)
        with pytest.raises(Killed):
            execute(machine, Plan((step,)), SERVICE)
    return journal.runs(machine)[0].id


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("set_by", [-86_400.0, -1.0, 1.0, 3600.0])
def test_a_held_loop_is_let_go_after_the_clock_was_set(platform: Platform, set_by: float) -> None:
    machine = a_machine(platform)
    run = execute(machine, Plan((HoldWatchdog(reason="r", process=record(machine, 500)),)), SERVICE)
    assert state(machine, 500) is ProcessState.STOPPED
    machine.set_clock(set_by)
    (entry,) = undo(machine, run.id)
    assert entry.detail == "pid 501, 500 runs on"
    assert state(machine, 500) is not ProcessState.STOPPED


def test_what_the_version_before_has_kept_is_found_by_its_wall_clock() -> None:
    """It knew the time of the boot in whole seconds only, so its start times are up to a second early."""
    machine = a_machine()
    now = record(machine, 500)
    older = msgspec.structs.replace(
        now, birth=None, id=msgspec.structs.replace(now.id, started=now.id.started - 0.97)
    )
    content = undo_data.encode(HoldWatchdog(reason="r", process=older), Captured(processes=(older,)))
    document = msgspec.json.decode(content)
    del document["step"]["process"]["birth"], document["captured"]["held"], document["captured"]["started"]
    act = undo_data.decode(msgspec.json.encode(document))
    machine.signal(now, Signal.STOP)
    assert act.step.undo(machine, act.captured) == "pid 500 runs on"
    successor = machine.reuse(500, LOOP, started=now.id.started + 5.0).record
    assert not same_start(older, successor)


def test_another_boot_is_said() -> None:
    machine = a_machine()
    steps = (
        HoldWatchdog(reason="r", process=record(machine, 500)),
        StopWatchdog(reason="r", process=record(machine, 500)),
    )
    run = execute(machine, Plan(steps), SERVICE)
    machine.start_again("another")
    machine.add_process(500, LOOP, cwd="/srv/other", started=machine.now())
    ended, held = undo(machine, run.id)
    assert ended.detail == (
        "the machine was started again since: pid 500 ended with that, repaired or not; "
        "by hand, in /srv/shop: bash keep.sh"
    )
    assert held.detail.startswith("the machine was started again since: pid 500 ended with that")
    assert len(machine.running(*LOOP)) == 1


def stopping(machine: FakeSystem) -> StopProcess:
    machine.add_process(600, ("python3", "shop.py"), ignores_term=True)
    machine.add_process(601, ("worker",), ppid=600, ignores_term=True)
    return StopProcess(reason="r", process=record(machine, 600), members=(record(machine, 601),), grace=1.0)


def evicting(machine: FakeSystem) -> EvictProcess:
    machine.add_process(600, ("nc", "-l", "5555"), listens=(5555,), ignores_term=True)
    return EvictProcess(reason="r", process=record(machine, 600), port=5555, ancestry="bash", grace=1.0)


@pytest.mark.parametrize("step", [stopping, evicting])
def test_whom_it_stopped_and_did_not_kill_runs_on(step: Callable[[FakeSystem], Step]) -> None:
    machine = a_machine()
    run = killed_before(machine, Signal.KILL, step(machine))
    assert state(machine, 600) is ProcessState.STOPPED
    (planned,) = would_undo(machine, run)
    assert planned.detail.startswith("would be let go, if it was stopped and not ended: ")
    (entry,) = undo(machine, run)
    assert (entry.state, entry.detail) == (
        EntryState.UNDONE,
        "pid 600 was stopped, not ended, and runs on",
    )
    assert state(machine, 600) is not ProcessState.STOPPED
    (again,) = undo(machine, run)
    assert again.state is EntryState.UNDONE


def test_a_child_that_came_in_the_midst_of_it_runs_on() -> None:
    """Nothing but what was noted while it acted tells of it: its parent has ended."""
    machine = a_machine()
    step = stopping(machine)
    forked: list[int] = []

    def forks(seconds: float) -> None:
        if not forked and 600 in machine.table:
            forked.append(
                machine.add_process(602, ("late",), ppid=600, started=machine.now(), ignores_term=True).pid
            )

    kills: list[int] = []
    genuine = machine.signal

    def dies(process: Process, sent: Signal) -> None:
        if process.pid == 600 and sent is Signal.TERM:
            forks(0.0)
        if sent is Signal.KILL:
            kills.append(process.pid)
            if len(kills) == 2:
                raise Killed
        genuine(process, sent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "signal", dies)
        patch.setattr("ghostfix.steps.terminate._Tree._let_go", lambda *_: None)
        with pytest.raises(Killed):
            execute(machine, Plan((step,)), SERVICE)
    assert 600 not in machine.table
    assert {state(machine, 601), state(machine, 602)} == {ProcessState.STOPPED}
    (run, *_) = journal.runs(machine)
    undo(machine, run.id)
    assert ProcessState.STOPPED not in {state(machine, 601), state(machine, 602)}


def test_an_end_that_was_reached_is_not_touched_again() -> None:
    machine = a_machine()
    run = execute(machine, Plan((stopping(machine),)), SERVICE)
    (entry,) = undo(machine, run.id)
    assert entry.state is EntryState.IRREVERSIBLE


def test_one_that_had_ended_when_ghostfix_was_killed_stays_so() -> None:
    machine = a_machine()
    run = killed_before(machine, Signal.KILL, stopping(machine))
    machine.end(600)
    machine.end(601)
    (entry,) = undo(machine, run)
    assert entry.state is EntryState.IRREVERSIBLE
    (again,) = undo(machine, run)
    assert again.state is EntryState.IRREVERSIBLE
    assert journal.load(machine, run).entry(1).state is EntryState.IRREVERSIBLE
