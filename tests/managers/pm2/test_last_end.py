"""How pm2's applications ended."""

from datetime import datetime

import pytest

from ghostfix.managers.pm2.daemon_log import last_exit
from ghostfix.managers.pm2.jobs import RESTARTER
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem, answered
from tests.managers.pm2.test_jobs import CLIENT, PM2_HOME, entry, keeping
from tests.managers.stage import HOME, SERVICE, look

ERRORS, OUTPUT = f"{HOME}/err.log", f"{HOME}/out.log"
FAILED = "2026-03-02T09:00:05: PM2        | App [ghost:0] exited with code [4] via signal [SIGINT]\n"
KILLED = "2026-03-02T09:00:05: PM2 log: App [ghost:0] exited with code [0] via signal [SIGKILL]\n"
STOPPING = "2026-03-02T09:00:04: PM2        | Stopping app:ghost id:0\n"


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ended(log: str, **changes: object) -> FakeSystem:
    given = {
        "status": "errored",
        "restart_time": 15,
        "exit_code": 4,
        "pm_uptime": int(local("2026-03-02 09:00:04") * 1000),
        "pm_err_log_path": ERRORS,
        "pm_out_log_path": OUTPUT,
        **changes,
    }
    system = keeping({**entry(**given), "pid": changes.get("pid", 0)})
    if not changes.get("pid"):
        system.end(501)
    system.add_file(f"{PM2_HOME}/pm2.log", log.encode())
    return system


def ends(system: FakeSystem, service: Service = SERVICE) -> Reading[tuple[LastEnd, ...]]:
    assert RESTARTER.last_ends is not None
    return RESTARTER.last_ends(system, service, look(system, RESTARTER, service).value)


def only(system: FakeSystem) -> LastEnd:
    reading = ends(system)
    assert reading.complete, reading.problem
    (end,) = reading.value
    return end


def test_what_pm2_gave_up_has_its_code_its_restarts_and_its_last_words() -> None:
    system = ended(FAILED)
    system.add_file(ERRORS, b"DB_URL is not set\n", modified=local("2026-03-02 09:00:05"))
    end = only(system)
    assert (end.kind, end.status, end.starts, end.given_up) == (EndKind.EXITED, 4, 15, True)
    assert end.words == "it exited with status 4; pm2 gave up after 15 restarts"
    assert end.at == local("2026-03-02 09:00:05")
    assert ([line.text for line in end.lines], end.log) == (["DB_URL is not set"], ERRORS)
    assert (end.manager, end.job, end.scope) == ("pm2", "ghost", PM2_HOME)


def test_without_pm2s_log_its_list_still_has_the_code() -> None:
    end = only(ended(""))
    assert (end.status, end.at, end.reported_by) == (4, None, "pm2 jlist")


def test_what_a_signal_ended_has_no_status() -> None:
    end = only(ended(KILLED, exit_code=0, status="stopped", autorestart=False))
    assert (end.kind, end.signal, end.status) == (EndKind.SIGNALLED, "KILL", None)


def test_what_pm2_was_told_to_stop_did_not_fail() -> None:
    assert only(ended(STOPPING + KILLED, status="stopped", exit_code=0)).kind is EndKind.STOPPED


def test_an_earlier_stop_says_nothing_of_a_later_end() -> None:
    found = last_exit(STOPPING + KILLED + FAILED, "ghost", 0)
    assert found is not None
    assert (found.ordered, found.code) == (False, 4)


@pytest.mark.parametrize("other", ["[ghost2:0]", "[ghost:1]", "[gho:0]"])
def test_the_end_of_another_process_is_not_its_end(other: str) -> None:
    assert last_exit(FAILED.replace("[ghost:0]", other), "ghost", 0) is None


def test_an_old_log_is_not_of_this_life() -> None:
    system = ended(FAILED)
    system.add_file(ERRORS, b"of last week\n", modified=local("2026-02-23 09:00:00"))
    system.add_file(OUTPUT, b"of today\n", modified=local("2026-03-02 09:00:05"))
    end = only(system)
    assert (end.lines[0].text, end.log) == ("of today", OUTPUT)


def test_one_that_runs_and_never_ended_has_no_end() -> None:
    assert ends(ended("", status="online", restart_time=0, exit_code=0, pid=501)) == Reading(())


def test_one_that_waits_for_its_next_start_is_restarting() -> None:
    assert only(ended(FAILED, status="waiting restart")).restarting


def test_its_logs_are_the_jobs_output() -> None:
    (job,) = look(ended(FAILED), RESTARTER).value
    assert job.output == (ERRORS, OUTPUT)


def test_a_pm2_that_does_not_answer_is_not_one_without_ends() -> None:
    system = ended(FAILED)
    jobs = look(system, RESTARTER).value
    system.add_command((*CLIENT, "jlist"), answered((*CLIENT, "jlist"), 1, b"", b"no\n"))
    assert RESTARTER.last_ends is not None
    reading = RESTARTER.last_ends(system, SERVICE, jobs)
    assert not reading.complete
