import pytest

from ghostfix.managers.circus.jobs import RESTARTER
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused
from tests.fake_system import FakeSystem
from tests.managers.stage import BROKEN, HOME, RUN, broken, look, machine, one

CONFIG = "/etc/circus/circus.ini"
ASK = ("/opt/venv/bin/circusctl", "--json", "--timeout", "4", "--endpoint", "tcp://127.0.0.1:9999")
TEXT = """[circus]
endpoint = tcp://127.0.0.1:9999
include = more/*.ini
"""
WATCHER = """[watcher:ghost]
; what it runs
cmd = python3
args = ghost.py
working_dir = /srv/ghost
numprocesses = 2
"""


def watching(
    answer: CommandAnswer | None = None, watcher: str = WATCHER, status: str = "active"
) -> FakeSystem:
    system = machine()
    system.add_program("/opt/venv/bin/circusctl")
    system.add_file(CONFIG, TEXT.encode())
    system.add_file("/etc/circus/more/ghost.ini", watcher.encode())
    argv = ("/opt/venv/bin/python3", "/opt/venv/bin/circusd", "circus.ini")
    system.add_process(600, argv, cwd="/etc/circus")
    system.add_process(601, RUN, 600, cwd=HOME)
    statuses = f'{{"status": "ok", "statuses": {{"ghost": "{status}"}}}}'
    system.add_command((*ASK, "status"), answer, stdout=statuses)
    system.add_command((*ASK, "list", "ghost"), stdout='{"status": "ok", "pids": [601]}')
    return system


def test_a_watcher_that_runs_the_service() -> None:
    job = one(watching(), RESTARTER)
    assert (job.id, job.enabled, job.starts) == ("ghost", True, (601,))
    assert job.scope == f"{CONFIG} at tcp://127.0.0.1:9999"
    assert job.trigger == "when it exits, 2 processes"
    assert job.where is not None
    assert (job.where.file, job.where.line) == ("/etc/circus/more/ghost.ini", 3)


def test_a_stopped_one_is_not_armed() -> None:
    job = one(watching(status="stopped"), RESTARTER)
    assert (job.enabled, RESTARTER.hold(job, "test")) == (False, ())


def test_without_respawn_it_does_not_restart() -> None:
    job = one(watching(watcher=WATCHER + "respawn = False\n"), RESTARTER)
    assert (job.restarts_on_exit, job.trigger) == (False, "only when circus starts, 2 processes")


def test_a_circus_that_calls_itself_so_is_found_by_its_folder() -> None:
    system = watching()
    system.end(600)
    system.add_process(610, ("circusd",), cwd="/etc/circus", variables={"PATH": "/opt/venv/bin"})
    assert one(system, RESTARTER).enabled


def test_a_configuration_that_cannot_be_told_is_said() -> None:
    system = machine()
    system.add_process(600, ("circusd",), cwd="/")
    reading = look(system, RESTARTER)
    assert not reading.complete
    assert "circusd (pid 600)" in str(reading.problem)


def test_nothing_is_asked_without_need() -> None:
    system = watching(watcher="[watcher:other]\ncmd = sleep 10\n")
    system.end(601)
    assert look(system, RESTARTER).value == ()
    assert look(machine(), RESTARTER).value == ()
    assert system.asked == []


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_circus_is_said(how: str) -> None:
    reading = look(watching(broken(ASK)[how]), RESTARTER)
    assert not reading.complete
    assert "did not answer" in str(reading.problem)
    # What could not be asked is taken to be as it is configured.
    assert [(job.id, job.enabled) for job in reading.value] == [("ghost", True)]


def test_a_circusctl_that_somebody_else_could_change_is_not_run() -> None:
    system = watching()
    system.add_file("/opt/venv/bin/circusctl", b"", mode=0o755, uid=1001)
    reading = look(system, RESTARTER)
    assert (reading.complete, [words for words in system.asked if "circusctl" in words[0]]) == (False, [])
    assert "was not asked: uid 1001 could change /opt/venv/bin/circusctl" in (reading.problem or "")
    (step,) = RESTARTER.hold(reading.value[0], "test")
    refused = step.precondition(system)
    assert isinstance(refused, Refused)
    with pytest.raises(StepError, match="uid 1001 could change"):
        step.apply(system)
    assert not system.acts
