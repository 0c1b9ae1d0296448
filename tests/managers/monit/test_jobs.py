import pytest

from ghostfix.managers.monit.jobs import RESTARTER
from ghostfix.model.machine import CommandAnswer
from tests.fake_system import FakeSystem
from tests.managers.stage import BROKEN, HOME, RUN, broken, look, machine, one

CONTROL = "/etc/monit/monitrc"
STATUS = ("monit", "-B", "-c", CONTROL, "status")
TEXT = """Monit 5.33.0 uptime: 3m

Process 'ghost'
  status                       OK
  monitoring status            Monitored
  monitoring mode              active
  pid                          700

System 'vm'
  status                       OK
  monitoring status            Monitored
"""
CHECK = """set daemon 30   # seconds
include /etc/monit/conf.d/*
check process ghost with pidfile /run/ghost.pid
  start program = "/srv/ghost/start.sh" with timeout 5 seconds
"""


def watching(check: str = CHECK, answer: CommandAnswer | None = None, *, status: str = TEXT) -> FakeSystem:
    system = machine()
    system.add_program("monit")
    system.add_file(CONTROL, check.encode(), 0o600, 0)
    system.add_file(f"{HOME}/start.sh", f"#!/bin/sh\ncd {HOME} && exec python3 ghost.py\n".encode(), 0o755)
    system.add_process(600, ("/usr/bin/monit", "-c", CONTROL), cwd="/", uid=0)
    system.add_process(700, RUN, cwd=HOME, uid=0, variables={"MONIT_SERVICE": "ghost"})
    system.add_command(STATUS, answer, stdout=status)
    return system


def test_a_check_that_starts_the_service() -> None:
    job = one(watching(), RESTARTER)
    assert (job.id, job.scope, job.enabled, job.starts) == ("ghost", CONTROL, True, (700,))
    assert job.trigger == "when it does not exist, looked at every 30 s"
    assert job.where is not None
    assert (job.where.file, job.where.line) == (CONTROL, 4)
    assert [hop.file for hop in job.link.hops] == [f"{HOME}/start.sh"]


@pytest.mark.parametrize(
    ("extra", "status", "enabled", "restarts"),
    [
        ("", TEXT.replace("Monitored", "Not monitored"), False, True),
        ("", TEXT.replace("Monitored", "Initializing"), True, True),
        ("  mode passive\n", TEXT, False, True),
        ("  if does not exist then alert\n", TEXT, True, False),
        ('  if does not exist then exec "/bin/x"\n', TEXT, True, True),
    ],
)
def test_what_arms_it(extra: str, status: str, enabled: bool, restarts: bool) -> None:
    job = one(watching(CHECK + extra, status=status), RESTARTER)
    assert (job.enabled, job.restarts_on_exit) == (enabled, restarts)
    assert bool(RESTARTER.hold(job, "test")) is enabled


def test_a_monit_that_does_not_run_starts_nobody() -> None:
    system = watching()
    system.end(600)
    job = one(system, RESTARTER)
    assert (job.enabled, "monit itself does not run" in job.trigger) == (False, True)
    assert system.asked == []


def test_a_check_of_something_else_asks_nothing() -> None:
    system = watching('check process other matching "x"\n  start program = "/bin/true"\n')
    system.end(700)
    assert look(system, RESTARTER).value == ()
    assert system.asked == []


def test_a_machine_without_monit_is_asked_nothing() -> None:
    system = machine()
    reading = look(system, RESTARTER)
    assert (reading.value, reading.complete, system.asked) == ((), True, [])


def test_a_control_file_that_cannot_be_told_is_said() -> None:
    system = machine()
    system.add_process(600, ("monit", "-c", "monitrc"), cwd="/")
    reading = look(system, RESTARTER)
    assert not reading.complete
    assert "monit (pid 600)" in str(reading.problem)


def test_root_s_control_file_is_not_missed_by_others() -> None:
    system = machine("ghost")
    system.add_file(CONTROL, CHECK.encode(), 0o600, 0, unreadable=True)
    system.add_process(600, ("/usr/bin/monit", "-c", CONTROL), cwd="/", uid=0)
    reading = look(system, RESTARTER)
    assert reading.complete
    assert CONTROL in str(reading.problem)


def test_a_client_is_no_daemon() -> None:
    system = machine()
    system.add_process(600, ("monit", "-c", "elsewhere", "status"), cwd="/")
    assert look(system, RESTARTER).complete


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_monit_is_said(how: str) -> None:
    reading = look(watching(answer=broken(STATUS)[how]), RESTARTER)
    assert not reading.complete
    assert "monit with /etc/monit/monitrc did not answer" in str(reading.problem)
    assert [job.id for job in reading.value] == ["ghost"]
