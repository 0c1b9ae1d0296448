import pytest
from msgspec import structs

from ghostfix.managers.supervisord.config import Group, read_config
from ghostfix.managers.supervisord.daemon import (
    Daemon,
    ProgramProcess,
    Programs,
    command,
    daemons,
    read_status,
    states,
)
from ghostfix.model.errors import StepError
from ghostfix.model.machine import Platform
from ghostfix.model.process import ProcessTree
from tests.fake_supervisorctl import BIN, CONFIG, DAEMON, FakeSupervisorctl
from tests.fake_system import FakeSystem, default_caller

STATUS = """\
ghost:ghost_00                   RUNNING   pid 41, uptime 0:00:01
ghost:ghost_01                   BACKOFF   Exited too quickly (process log may have details)
other                            STOPPED   Not started
unix:///run/s.sock no such file
"""


def listed(system: FakeSystem) -> list[Daemon]:
    return list(daemons(system, ProcessTree(system.processes().value)))


def test_the_rows_of_status() -> None:
    assert read_status(STATUS) == (
        ProgramProcess("ghost:ghost_00", "RUNNING", 41, "uptime 0:00:01"),
        ProgramProcess(
            "ghost:ghost_01", "BACKOFF", None, "Exited too quickly (process log may have details)"
        ),
        ProgramProcess("other", "STOPPED", None, "Not started"),
    )


def test_which_processes_are_a_program_s() -> None:
    (ghost,) = read_config(
        "[program:ghost]\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs=2\n", "f"
    ).programs
    alone = Programs((ghost,), ())
    assert [each.name for each in alone.processes(ghost, read_status(STATUS))] == [
        "ghost:ghost_00",
        "ghost:ghost_01",
    ]
    grouped = Programs((ghost,), (Group("both", ("ghost", "other")),))
    rows = read_status("both:ghost_00 RUNNING pid 1,\nboth:other RUNNING pid 2,\nghost:ghost_00 STOPPED x\n")
    assert [each.name for each in grouped.processes(ghost, rows)] == ["both:ghost_00"]


@pytest.mark.parametrize(
    ("argv", "config", "control"),
    [
        (("python3", f"{BIN}/supervisord", "-c", CONFIG), CONFIG, (f"{BIN}/supervisorctl",)),
        (("python3", f"{BIN}/supervisord", "-nc", CONFIG), CONFIG, (f"{BIN}/supervisorctl",)),
        (("python3", f"{BIN}/supervisord", "-n"), "", (f"{BIN}/supervisorctl",)),
        (("python3", f"{BIN}/supervisord", "-cs.conf"), "/srv/s.conf", (f"{BIN}/supervisorctl",)),
        (("python3", "/usr/bin/supervisord", "--configuration=/a"), "/a", ("/usr/bin/supervisorctl",)),
        (
            ("py/python3", "-m", "supervisor.supervisord", "--configuration", "../b"),
            "/b",
            ("/srv/py/python3", "-m", "supervisor.supervisorctl"),
        ),
        (("python3", f"{BIN}/supervisord"), "/etc/supervisord.conf", (f"{BIN}/supervisorctl",)),
    ],
)
def test_the_configuration_and_the_control_program(
    argv: tuple[str, ...], config: str, control: tuple[str, ...]
) -> None:
    system = FakeSystem()
    system.add_file(f"{BIN}/supervisorctl", b"", mode=0o755)
    system.add_file("/usr/bin/supervisorctl", b"", mode=0o755)
    if config == "/etc/supervisord.conf":
        system.add_file(config, b"")
    system.add_process(41, argv, cwd="/srv")
    found = listed(system)
    assert [(each.config, each.control) for each in found] == [(config, control)]


def test_a_configuration_whose_supervisord_does_not_run() -> None:
    system = FakeSystem()
    system.add_file("/etc/supervisor/supervisord.conf", b"")
    system.add_process(41, ("vim", "supervisord"))
    (daemon,) = listed(system)
    assert (daemon.process, states(system, daemon).value) == (None, ())


def test_a_daemon_that_cannot_be_asked() -> None:
    system = FakeSystem()
    control = FakeSupervisorctl(system, broken="unix:///run/s.sock refused connection")
    reading = states(system, listed(system)[0])
    assert (
        reading.problem
        == f"the supervisord with {CONFIG} did not answer: unix:///run/s.sock refused connection"
    )
    control.broken = ""
    assert states(system, listed(system)[0]).complete
    system.remove_path(f"{BIN}/supervisorctl")
    assert states(system, listed(system)[0]).problem == (
        f"the supervisord with {CONFIG} was not asked: there is no supervisorctl"
    )


def test_what_a_stranger_calls_supervisord_is_asked_as_that_stranger_or_not_at_all() -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    FakeSupervisorctl(system)
    for place in (CONFIG, f"{BIN}/supervisorctl"):
        system.add_file(place, b"", mode=0o755, uid=1001)
    system.table[DAEMON].record = structs.replace(system.table[DAEMON].record, uid=1001, user="alice")
    (hers,) = listed(system)
    assert (hers.user, hers.control) == ("alice", (f"{BIN}/supervisorctl",))
    assert states(system, hers).complete
    assert system.asked_as.pop() == "alice"
    system.asked.clear()
    system.table[DAEMON].record = structs.replace(system.table[DAEMON].record, uid=0, user="root")
    (daemon,) = listed(system)  # it looks like root's
    assert daemon.control == ()
    reading = states(system, daemon)
    assert (reading.complete, system.asked) == (False, [])
    assert "uid 1001 could change" in (reading.problem or "")
    with pytest.raises(StepError, match="uid 1001 could change"):
        command(system, daemon, "stop", "ghost", timeout=1.0)
    assert not system.acts
