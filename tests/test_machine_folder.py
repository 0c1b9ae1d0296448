"""Machines as data: what their folders may say, and what happens in them as time passes."""

from pathlib import Path

import pytest

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.machine import Signal
from ghostfix.service import profile
from ghostfix.service.instance import instances
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem
from tests.machine_folder import MACHINES, expected, load, names

RUNNER = ("-m", "gpt_cursor_runner.main")


@pytest.mark.parametrize("name", names())
def test_every_folder_can_be_read(name: str) -> None:
    system, wanted = load(MACHINES / name), expected(MACHINES / name)
    (service,) = profile.load(system, None, None)
    snapshot = survey(system, service)
    assert len(instances(snapshot, service)) == wanted.instances
    assert system.read(f"{system.caller().cwd}/ghostfix.toml", 100).value
    assert {*wanted.found, *wanted.absent} - {check.code for check in CHECKS} <= {"*"}
    assert not {*wanted.found} & {*wanted.absent}


@pytest.mark.parametrize("name", ["incident-linux", "incident-macos"])
def test_the_incident_has_its_numbers(name: str) -> None:
    found = load(MACHINES / name).resources("/").value
    assert found is not None
    assert found.net is not None
    assert (found.process_count, found.zombie_count) == (1252, 40)
    assert (found.cpu_load, found.cpu_count) == (7.02, 4)
    assert (found.memory_percent, found.disk_percent) == (40.6, 0.56)
    assert (found.net.bytes_recv, found.net.packets_sent) == (7_600_000_000, 45_000_000)


def test_one_folder_extends_another() -> None:
    own, base = load(MACHINES / "incident-stranger"), load(MACHINES / "incident-linux")
    assert own.table.keys() - base.table.keys() == {4711}
    assert [(socket.address, socket.owners) for socket in own.listeners().value] == [
        ("127.0.0.1", (4102,)),
        ("::1", (4711,)),
    ]


def end_all(system: FakeSystem) -> None:
    for process in system.running(*RUNNER):
        system.signal(process, Signal.KILL)


def test_who_is_killed_comes_back_while_its_restarters_are_not_held() -> None:
    system = load(MACHINES / "incident-linux")
    end_all(system)
    assert system.running(*RUNNER) == ()
    system.wait(31.0)
    assert len(system.running(*RUNNER)) == 1


def test_a_held_restarter_does_nothing() -> None:
    system = load(MACHINES / "incident-linux")
    loop = system.process(4001)
    assert loop is not None
    system.signal(loop, Signal.STOP)
    end_all(system)
    system.wait(50.0)
    assert system.running(*RUNNER) == ()
    system.wait(15.0)  # cron is not held
    assert len(system.running(*RUNNER)) == 1
    tab = system.ask(("crontab", "-l")).stdout
    system.command(("crontab", "-"), 1.0, tab.replace(b"*/5", b"# */5"), to_its_end=True)
    end_all(system)
    system.wait(200.0)
    assert system.running(*RUNNER) == ()
    system.signal(loop, Signal.CONT)
    system.wait(31.0)
    assert len(system.running(*RUNNER)) == 1


def test_launchd_keeps_its_job_alive() -> None:
    system = load(MACHINES / "incident-macos")
    end_all(system)
    assert len(system.running(*RUNNER)) == 1
    system.command(("launchctl", "bootout", "gui/501/com.ghost.runner"), 1.0)
    assert system.running(*RUNNER) == ()


def test_health_is_up_when_one_instance_runs_from_the_venv() -> None:
    system = load(MACHINES / "incident-linux")
    home = system.caller().cwd
    url = "http://localhost:5555/health"
    assert '"ghost_runner": "down"' in system.get(url, 1.0).body
    end_all(system)
    assert system.get(url, 1.0).problem == "Connection refused"
    system.spawn((f"{home}/.venv/bin/python", *RUNNER), home, {}, f"{home}/logs/ghost-runner.log")
    assert '"ghost_runner": "up"' in system.get(url, 1.0).body
    system.add_process(99_999, (f"{home}/.venv/bin/python", *RUNNER))
    assert '"ghost_runner": "down"' in system.get(url, 1.0).body


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('platform = "plan9"', r"machine\.toml: Invalid enum value 'plan9' - at `\$\.platform`"),
        ("[[processes]]\npid = 'x'\nargv = []", r"`\$\.processes\[0\]\.pid`"),
        ("[[files]]\npath = '/x'\nkind = 'fifo'", r"unknown field `kind` - at `\$\.files\[0\]`"),
        ("[[processes]]\npid = 9\nargv = ['x']\nuser = 'alice'", "no user 'alice'"),
        ("[[processes]]\npid = 9\nargv = ['x']\nlistens = ['5555']", "'5555' is no address and port"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "machine.toml").write_text(text)
    (tmp_path / "ghostfix.toml").write_text("")
    with pytest.raises(ValueError, match=complaint):
        load(tmp_path)
