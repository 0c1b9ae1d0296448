"""Stopping a process of the service."""

from msgspec import structs

from ghostfix.model.machine import Caller, Signal
from ghostfix.model.process import ProcessState
from ghostfix.model.service import Service
from ghostfix.model.step import Refused, Unneeded
from ghostfix.repair.execute import execute
from ghostfix.repair.journal_records import EntryState, JournalEntry
from ghostfix.repair.plan import Plan
from ghostfix.steps.stop_process import StopProcess
from tests.fake_system import FakeProcess, FakeSystem

RUNS = ("python", "-m", "ghost.main")
SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost")


def stop(process: FakeProcess, *members: FakeProcess) -> StopProcess:
    tree = tuple(member.record for member in members)
    return StopProcess(reason="r", process=process.record, members=tree, signal=Signal.TERM, grace=2.0)


def done(machine: FakeSystem, step: StopProcess) -> JournalEntry:
    return execute(machine, Plan((step,)), SERVICE).entries[0]


def test_preview() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, (*RUNS, "--token=abc")), machine.add_process(501, ("w",), ppid=500))
    assert step.preview().startswith("stop pid 500 and the 1 below it (python -m ghost.main --token=")
    assert step.preview().endswith("TERM, after 2 s KILL")
    assert "abc" not in step.preview()


def test_what_has_ended_needs_no_stopping() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS))
    machine.end(500)
    assert step.precondition(machine) == Unneeded("pid 500 has ended")


def test_a_zombie_has_ended() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS))
    machine.table[500].record = structs.replace(machine.table[500].record, state=ProcessState.ZOMBIE, argv=())
    assert isinstance(step.precondition(machine), Unneeded)


def test_a_pid_that_is_reused_at_the_same_time_stamp_is_refused() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS))
    machine.reuse(500, ("/usr/bin/innocent",))
    assert isinstance(step.precondition(machine), Refused)
    assert done(machine, step).state is EntryState.REFUSED
    assert 500 in machine.table


def test_a_pid_that_is_reused_later_has_ended() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS))
    machine.reuse(500, RUNS, started=machine.now() - 1)
    assert isinstance(step.precondition(machine), Unneeded)


def test_a_pinned_process_is_told_from_its_double() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS))
    machine.pin(step.process)
    machine.reuse(500, RUNS)
    entry = done(machine, step)
    assert (entry.state, entry.detail) == (EntryState.DONE, "pid 500 had ended already")
    assert 500 in machine.table


def test_who_must_not_be_signalled() -> None:
    machine = FakeSystem()
    caller = machine.caller()
    for pid, reason in (
        (1, "first process"),
        (caller.pid, "ghostfix itself"),
        (caller.ancestors[0], "runs in"),
    ):
        verdict = stop(machine.table[pid]).precondition(machine)
        assert isinstance(verdict, Refused)
        assert reason in verdict.reason
        member = stop(machine.add_process(600 + pid, RUNS), machine.table[pid])
        assert isinstance(member.precondition(machine), Refused)


def test_another_users_process_is_refused_unless_by_root() -> None:
    machine = FakeSystem()
    machine.users[1234] = "alice"
    verdict = stop(machine.add_process(500, RUNS, uid=1234)).precondition(machine)
    assert isinstance(verdict, Refused)
    assert "run it as alice or as root" in verdict.reason
    root = FakeSystem(caller=Caller(uid=0, gid=0, user="root", home="/root", cwd="/", pid=9, ancestors=(1,)))
    step = stop(root.add_process(500, RUNS, uid=1234))
    assert done(root, step).state is EntryState.DONE


def test_workers_that_their_master_ends() -> None:
    machine = FakeSystem()
    master = machine.add_process(500, RUNS, ends_children=True)
    worker = machine.add_process(501, RUNS, ppid=500)
    assert (
        done(machine, stop(master, worker)).detail == "pid 500 ended on TERM; pid 501 ended with its parent"
    )
    assert [act.subject for act in machine.acts if act.act == "signal"] == ["500"]


def test_what_does_not_end_even_when_killed() -> None:
    machine = FakeSystem()
    step = stop(machine.add_process(500, RUNS, state=ProcessState.UNINTERRUPTIBLE))
    entry = done(machine, step)
    assert entry.state is EntryState.FAILED
    assert entry.detail.endswith("pid 500 did not end, not even when killed: it waits in the kernel")


def test_a_member_that_may_not_be_signalled_does_not_save_the_others() -> None:
    machine = FakeSystem()
    root = machine.add_process(500, RUNS)
    machine.add_process(501, RUNS, ppid=500, uid=1234)
    machine.add_process(502, RUNS, ppid=500)
    entry = done(machine, stop(root))
    assert entry.state is EntryState.FAILED
    assert set(machine.table) & {500, 501, 502} == {501}
    assert "pid 501 was left alone" in entry.detail
