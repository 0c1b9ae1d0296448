"""Ending a watchdog loop, in memory."""

import pytest
from msgspec import structs

from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.errors import StepError
from ghostfix.model.machine import Platform, Signal
from ghostfix.model.process import Process, ProcessDetail
from ghostfix.model.step import Captured, Fact, Unneeded
from tests.fake_system import FakeSystem, default_caller

ARGV = ("bash", "watchdog.sh")
FOLDER = "/srv/ghost"


def machine(*, ignores_term: bool = False) -> FakeSystem:
    system = FakeSystem()
    system.add_program("bash")
    system.add_folder(FOLDER)
    system.add_process(500, ARGV, cwd=FOLDER, ignores_term=ignores_term)
    system.add_process(501, ("sleep", "5"), ppid=500, started=system.now(), cwd=FOLDER)
    system.add_process(502, ("python3", "-m", "ghost"), ppid=500, cwd=FOLDER)
    return system


def step(system: FakeSystem) -> StopWatchdog:
    spared = (system.table[502].record,)
    return StopWatchdog(reason="rogue-restarter", process=system.table[500].record, spared=spared)


def running(system: FakeSystem) -> list[int]:
    return [pid for pid in (500, 501, 502) if pid in system.table]


def test_it_ends_the_loop_and_its_helpers_and_spares_the_service() -> None:
    system = machine()
    said = step(system).apply(system)
    assert running(system) == [502]
    assert said == "pid 500 (bash) ended on TERM; pid 501 (sleep) ended on TERM"


def test_a_loop_that_is_held_hears_it() -> None:
    system = machine()
    HoldWatchdog(reason="r", process=system.table[500].record, spared=(system.table[502].record,)).apply(
        system
    )
    step(system).apply(system)
    assert running(system) == [502]


def test_a_loop_that_ignores_it_is_killed_after_its_grace() -> None:
    system = machine(ignores_term=True)
    assert "pid 500 (bash) ended on KILL" in step(system).apply(system)
    assert running(system) == [502]


def test_undo_starts_it_again_in_its_folder_once() -> None:
    system = machine()
    stop = step(system)
    captured = stop.capture(system)
    stop.apply(system)
    said = stop.undo(system, captured)
    (again,) = system.running(*ARGV)
    assert f"pid {again.pid}" in said
    assert system.detail(again).cwd == FOLDER
    assert stop.undo(system, captured) == f"it runs again already: pid {again.pid}"
    assert len(system.running(*ARGV)) == 1


def test_undo_of_what_was_not_begun_starts_nothing() -> None:
    system = machine()
    stop = step(system)
    assert stop.undo(system, stop.capture(system)) == "pid 500 was not ended"
    assert len(system.running(*ARGV)) == 1


def test_a_loop_in_another_folder_is_no_twin() -> None:
    system = machine()
    stop = step(system)
    captured = stop.capture(system)
    stop.apply(system)
    system.add_process(600, ARGV, cwd="/srv/other")
    assert "started again" in stop.undo(system, captured)


def test_undo_says_what_to_type_when_it_cannot_start_it() -> None:
    system = machine()
    stop = step(system)
    stop.apply(system)
    with pytest.raises(StepError, match=r"by hand: bash watchdog\.sh"):
        stop.undo(system, Captured())
    foreign = structs.replace(stop, process=structs.replace(stop.process, uid=system.caller().uid + 1))
    with pytest.raises(StepError, match="by hand"):
        foreign.undo(system, Captured(facts=(Fact("cwd", FOLDER),)))


class Forking(FakeSystem):
    """A machine whose loop answers TERM by starting something."""

    def signal(self, process: Process, signal: Signal) -> None:
        super().signal(process, signal)
        if signal is Signal.TERM and process.pid == 500:
            self.add_process(900, ("sh", "start.sh"), ppid=500, cwd=FOLDER)


def test_what_it_starts_while_it_ends_is_ended_too() -> None:
    system = Forking()
    system.add_process(500, ARGV, cwd=FOLDER, ignores_term=True)
    said = StopWatchdog(reason="r", process=system.table[500].record).apply(system)
    assert said == "pid 500 (bash) ended on KILL; pid 900 (sh) ended on TERM"
    assert 900 not in system.table


def test_nothing_is_needed_when_it_has_ended() -> None:
    system = machine()
    stop = step(system)
    system.end(500)
    assert isinstance(stop.precondition(system), Unneeded)
    assert stop.preview().startswith("end the loop pid 500 (bash watchdog.sh): TERM")


def test_what_only_looks_like_root_s_loop_is_not_started_again_as_root() -> None:
    """Whoever runs su(1) chooses its argv: with root's rights that would be run."""
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    system.add_program("bash")
    system.add_file("/usr/bin/su", b"", mode=0o4755, uid=0)
    detail = ProcessDetail(executable="/usr/bin/su", cwd=FOLDER)
    system.add_process(500, ("bash", "-c", "evil"), uid=0, cwd=FOLDER, detail=detail)
    ending = StopWatchdog(reason="rogue-restarter", process=system.table[500].record)
    captured = ending.capture(system)
    system.end(500)
    with pytest.raises(StepError, match="it was /usr/bin/su, which is set-user-ID"):
        ending.undo(system, captured)
    assert not any(act.act == "spawn" for act in system.acts)
