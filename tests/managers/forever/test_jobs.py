from ghostfix.managers.forever.jobs import RESTARTER
from ghostfix.model.machine import Signal
from ghostfix.model.process import ProcessState
from tests.fake_system import Act, FakeSystem
from tests.managers.stage import HOME, RUN, SCRIPT, do, look, machine, one

MONITOR = ("/usr/bin/node", "/usr/lib/node_modules/forever/bin/monitor", "ghost.py")


def keeping() -> FakeSystem:
    system = machine()
    system.add_process(300, MONITOR, cwd=HOME)
    system.add_process(301, RUN, 300, cwd=HOME)
    return system


def test_a_monitor_is_a_job() -> None:
    job = one(keeping(), RESTARTER)
    assert (job.id, job.enabled, job.starts, job.trigger) == (SCRIPT, True, (301,), "when it exits")
    assert [process.pid for process in (*job.live, *job.spared)] == [300, 301]


def test_it_is_stopped_where_it_is_and_goes_on() -> None:
    system = keeping()
    (step,) = RESTARTER.hold(one(system, RESTARTER), "test")
    captured = do(system, step)
    monitor = system.process(300)
    assert monitor is not None
    assert monitor.state is ProcessState.STOPPED
    assert not one(system, RESTARTER).enabled
    assert RESTARTER.hold(one(system, RESTARTER), "test") == ()
    step.undo(system, captured)
    assert Act("signal", "300", Signal.CONT.value) in system.acts
    assert one(system, RESTARTER).enabled


def test_another_script_s_monitor_is_no_job() -> None:
    system = machine()
    system.add_process(300, (*MONITOR[:2], "other.js"), cwd="/srv/other")
    system.add_process(302, ("node", "/srv/other/bin/monitor", "ghost.py"), cwd=HOME)
    assert look(system, RESTARTER).value == ()
