"""Holding a watchdog loop, in memory."""

import pytest
from msgspec import structs

from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.model.errors import StepError
from ghostfix.model.machine import Signal
from ghostfix.model.process import Process, ProcessState
from ghostfix.model.step import Captured, Refused, Unneeded
from tests.fake_system import FakeSystem

ARGV = ("bash", "watchdog.sh")


def machine() -> FakeSystem:
    system = FakeSystem()
    system.add_process(500, ARGV)
    system.add_process(501, ("sleep", "5"), ppid=500, started=system.now())
    system.add_process(502, ("python3", "-m", "ghost"), ppid=500)
    system.add_process(503, ("python3", "-m", "ghost", "worker"), ppid=502)
    return system


def step(system: FakeSystem) -> HoldWatchdog:
    spared = tuple(system.table[pid].record for pid in (502,))
    return HoldWatchdog(reason="rogue-restarter", process=system.table[500].record, spared=spared)


def stopped(system: FakeSystem) -> list[int]:
    return [process.pid for process in system.processes().value if process.state is ProcessState.STOPPED]


def test_it_stops_the_loop_and_its_helpers_and_spares_the_service() -> None:
    system = machine()
    assert step(system).precondition(system) is None
    said = step(system).apply(system)
    assert stopped(system) == [500, 501]
    assert said == "pid 500 is stopped, and below it 501 (sleep)"


def test_it_is_let_go_exactly_and_twice_over() -> None:
    system = machine()
    held = step(system)
    captured = held.capture(system)
    held.apply(system)
    assert held.undo(system, captured) == "pid 501, 500 runs on"
    assert stopped(system) == []
    assert held.undo(system, captured) == "pid 500 runs"


def test_what_the_loop_started_meanwhile_is_let_go_too() -> None:
    system = machine()
    held = step(system)
    captured = held.capture(system)
    system.end(501)
    system.add_process(504, ("sh", "start.sh"), ppid=500, started=system.now())
    held.apply(system)
    assert stopped(system) == [500, 504]
    held.undo(system, captured)
    assert stopped(system) == []


def test_undo_of_what_was_not_begun_and_of_what_has_ended() -> None:
    system = machine()
    held = step(system)
    captured = held.capture(system)
    assert held.undo(system, captured) == "pid 500 runs"
    system.end(500)
    system.end(501)
    assert "has ended" in held.undo(system, captured)
    assert "has ended" in held.undo(system, Captured())


def test_another_process_with_that_pid_is_left_alone() -> None:
    system = machine()
    held = step(system)
    captured = held.capture(system)
    held.apply(system)
    system.reuse(500, ("sshd",), started=system.now())
    assert isinstance(held.precondition(system), Unneeded)
    system.acts.clear()
    assert held.undo(system, captured) == "pid 501 runs on"
    assert [act.subject for act in system.acts if "500" in act.subject] == []


def test_it_refuses_what_must_not_be_signalled() -> None:
    system = machine()
    own = system.process(system.caller().pid)
    assert own is not None
    held = structs.replace(step(system), process=own)
    assert isinstance(held.precondition(system), Refused)


def test_nothing_is_needed_when_it_is_stopped_or_gone() -> None:
    system = machine()
    held = step(system)
    held.apply(system)
    assert isinstance(held.precondition(system), Unneeded)
    system.end(500)
    assert isinstance(held.precondition(system), Unneeded)


class Deaf(FakeSystem):
    """A machine on which nothing stops in time."""

    def wait_state(self, process: Process, stopped: bool, seconds: float) -> bool:
        return False


def test_a_loop_that_does_not_stop_is_an_error() -> None:
    system = Deaf()
    system.add_process(500, ARGV)
    with pytest.raises(StepError, match="did not stop"):
        HoldWatchdog(reason="r", process=system.table[500].record).apply(system)


def test_the_preview_names_it() -> None:
    assert step(machine()).preview() == "hold pid 500 (bash watchdog.sh): STOP"
    assert Signal.STOP.value == "STOP"
