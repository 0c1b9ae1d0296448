"""The machine changes between plan and step, with genuine processes: nothing innocent is touched."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.commands.diagnoses import diagnose
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.model.machine import Signal
from ghostfix.model.service import Service
from ghostfix.repair.execute import Run, execute, pin_processes
from ghostfix.repair.journal_records import EntryState, JournalEntry
from ghostfix.repair.plan import Choices, Plan, plan
from ghostfix.service import profile
from ghostfix.steps.stop_process import StopProcess
from ghostfix.system import LocalSystem
from tests.real.ghost_house import crontab, wait_until
from tests.real.small_house import PIDFILE, SmallHouse, small_house

pytestmark = pytest.mark.real


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallHouse]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with small_house(tmp_path) as found:
        found.haunt()
        yield found


@pytest.fixture
def system() -> Iterator[LocalSystem]:
    found = LocalSystem()
    yield found
    found.unpin()


def planned(system: LocalSystem, house: SmallHouse) -> tuple[Service, Plan]:
    """What a repair plans and keeps hold of, before the user is asked."""
    (service,) = profile.load(system, None, str(house.folder / "ghostfix.toml"))
    found = plan(diagnose(system, service), Choices())
    pin_processes(system, found)
    assert [step.kind for step in found.steps] == [
        "stop-process", "stop-process", "remove-pidfile", "start-service",
    ]  # fmt: skip
    return service, found


def entry(run: Run, kind: str) -> JournalEntry:
    return [each for each in run.entries if each.kind == kind][-1]


def test_the_pid_file_is_replaced(house: SmallHouse, system: LocalSystem) -> None:
    service, steps = planned(system, house)
    fresh = house.write("fresh", PIDFILE.decode())
    os.utime(fresh, (1_600_000_000, 1_600_000_000))
    os.rename(fresh, house.pid_file)
    run = execute(system, steps, service)
    refused = entry(run, "remove-pidfile")
    assert refused.state is EntryState.REFUSED
    assert "replaced since the plan was made" in refused.detail
    assert house.pid_file.read_bytes() == PIDFILE
    # A file that stayed does not keep the service down.
    assert entry(run, "start-service").state is EntryState.DONE


def test_the_pid_file_becomes_a_symlink(house: SmallHouse, system: LocalSystem) -> None:
    service, steps = planned(system, house)
    precious = house.write("precious", PIDFILE.decode())
    house.pid_file.unlink()
    house.pid_file.symlink_to(precious)
    run = execute(system, steps, service)
    assert entry(run, "remove-pidfile").state is EntryState.REFUSED
    assert house.pid_file.is_symlink()
    assert precious.read_bytes() == PIDFILE


def test_the_pid_file_is_locked(house: SmallHouse, system: LocalSystem) -> None:
    service, steps = planned(system, house)
    holder = house.start(
        sys.executable,
        "-c",
        "import fcntl, signal; file = open('ghost.pid', 'r+'); fcntl.flock(file, fcntl.LOCK_EX); "
        "open('locked', 'w').close(); signal.pause()",
    )
    wait_until((house.folder / "locked").exists, 20, "a lock")
    run = execute(system, steps, service)
    refused = entry(run, "remove-pidfile")
    assert (refused.state, refused.detail) == (
        EntryState.REFUSED,
        f"a process holds a lock on {house.pid_file}",
    )
    assert house.pid_file.read_bytes() == PIDFILE
    assert holder.poll() is None


def test_the_process_restarts(house: SmallHouse, system: LocalSystem) -> None:
    """What was to be stopped ended by itself, and a new one runs: it is not in the plan, and lives."""
    service, steps = planned(system, house)
    house.restore()
    house.pid_file.write_bytes(PIDFILE)
    fresh = house.start(sys.executable, "-S", "run.py", str(house.port))
    wait_until((house.folder / f"up-{fresh.pid}").exists, 20, "an instance that is up")
    run = execute(system, steps, service)
    assert [each.state for each in run.entries if each.kind == "stop-process"] == [EntryState.UNNEEDED] * 2
    assert entry(run, "start-service").state is EntryState.UNNEEDED
    assert house.ghost_pids() == [fresh.pid]


def test_the_process_becomes_another_program(house: SmallHouse, system: LocalSystem) -> None:
    """Same PID, same start time, same pidfd: it has executed something else meanwhile."""
    gate = house.folder / "gate"
    os.mkfifo(gate)
    changing = house.start("/bin/sh", "-c", "read line < gate; exec /bin/sleep 1000")
    process = system.process(changing.pid)
    assert process is not None
    assert process.argv[0] == "/bin/sh"
    step = StopProcess(reason="r", process=process, signal=Signal.KILL, grace=0.1)
    system.pin(process)
    (service,) = profile.load(system, None, str(house.folder / "ghostfix.toml"))
    gate.write_text("go\n")
    wait_until(lambda: (system.process(changing.pid) or process).name == "sleep", 20, "another program")
    run = execute(system, Plan((step,)), service)
    (refused,) = run.entries
    assert refused.state is EntryState.REFUSED
    assert "another command line" in refused.detail
    assert changing.poll() is None


def test_the_port_is_taken(house: SmallHouse, system: LocalSystem) -> None:
    service, steps = planned(system, house)
    with socket.create_server(("127.0.0.1", house.port)):
        run = execute(system, steps, service)
    refused = entry(run, "start-service")
    assert refused.state is EntryState.REFUSED
    assert f"port {house.port} is taken by pid {os.getpid()}" in refused.detail
    assert house.ghost_pids() == []
    assert entry(run, "remove-pidfile").state is EntryState.DONE


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a crontab to edit: root's")
def test_the_crontab_is_edited(house: SmallHouse, system: LocalSystem) -> None:
    (service,) = profile.load(system, None, str(house.folder / "ghostfix.toml"))
    line = "0 0 1 1 * /bin/true --ghost"
    with crontab(line) as before:
        lines = before.splitlines(keepends=True)
        number = lines.index(line.encode() + b"\n") + 1
        step = HoldCronLine(reason="r", tab=CrontabFile(user="root"), line=number, source=lines[number - 1])
        edited = before.replace(line.encode(), b"0 0 1 1 * /bin/true --ghost --and-more")
        subprocess.run(["crontab", "-"], input=edited, check=True)
        run = execute(system, Plan((step,)), service)
        listed = subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout
        assert listed == edited
        (refused,) = run.entries
        assert refused.state is EntryState.REFUSED
        assert "changed since the plan was made" in refused.detail


def test_who_is_never_signalled(house: SmallHouse, system: LocalSystem) -> None:
    (service,) = profile.load(system, None, str(house.folder / "ghostfix.toml"))
    caller = system.caller()
    reasons = {
        1: "the system's own first process",
        caller.pid: "is ghostfix itself",
        caller.ancestors[0]: "is what ghostfix itself runs in",
    }
    for pid, reason in reasons.items():
        process = system.process(pid)
        if process is None:
            continue
        run = execute(system, Plan((StopProcess(reason="r", process=process, signal=Signal.CONT),)), service)
        assert run.entries[0].state is EntryState.REFUSED
        assert reason in run.entries[0].detail


def test_one_process_in_the_way_stops_what_depends_on_it_only(house: SmallHouse, system: LocalSystem) -> None:
    """A stop that is refused keeps the start from being done, and nothing else."""
    service, steps = planned(system, house)
    me = system.process(os.getpid())
    assert me is not None
    forbidden = StopProcess(reason="r", process=me)
    run = execute(system, Plan((forbidden, *steps.steps)), service)
    assert run.entries[0].state is EntryState.REFUSED
    assert entry(run, "remove-pidfile").state is EntryState.DONE
    assert entry(run, "start-service").state is EntryState.NOT_REACHED
    assert house.ghost_pids() == []
