import pytest

from ghostfix.managers.at.jobs import RESTARTER
from tests.fake_system import FakeSystem
from tests.managers.stage import BROKEN, HOME, RUN, broken, look, machine, one

FOLDER = "/var/spool/cron/atjobs"
NAME = "a0000c01c89cb2"
TEXT = """#!/bin/sh
# atrun uid=0 gid=0
# mail root 0
umask 22
HOME=/root; export HOME
GREETING=hello\\ there; export GREETING
cd /srv/ghost || {
\t echo 'Execution directory inaccessible' >&2
\t exit 1
}
python3 ghost.py &
"""


def waiting(text: str = TEXT, *, user: str = "root", atd: bool = True) -> FakeSystem:
    system = machine(user)
    system.add_folder(FOLDER, 0o1770, 0, unreadable=user != "root")
    system.add_file(f"{FOLDER}/{NAME}", text.encode(), 0o700, 0)
    system.add_file(f"{FOLDER}/.SEQ", b"0000c", 0o600, 0)
    if atd:
        system.add_process(300, ("/usr/sbin/atd",), uid=0)
    return system


def test_a_job_that_waits() -> None:
    job = one(waiting(), RESTARTER)
    assert (job.id, job.scope, job.enabled, job.restarts_on_exit) == ("12", "root", True, False)
    assert job.command == "python3 ghost.py &"
    assert job.trigger.startswith("once, at 2026-11-2")
    assert job.where is not None
    assert (job.where.file, job.where.line) == (f"{FOLDER}/{NAME}", 11)
    assert job.source == TEXT.encode()


def test_what_it_started_is_its_own() -> None:
    system = waiting()
    system.add_process(310, ("/usr/sbin/atd",), 300, uid=0)
    system.add_process(311, RUN, 310, uid=0, cwd=HOME)
    assert one(system, RESTARTER).starts == (311,)


def test_without_atd_it_only_waits() -> None:
    job = one(waiting(atd=False), RESTARTER)
    assert (job.enabled, "atd does not run" in job.trigger) == (False, True)
    assert RESTARTER.hold(job, "test") == ()


def test_one_that_runs_already_is_no_job() -> None:
    system = waiting()
    system.remove_path(f"{FOLDER}/{NAME}")
    system.add_file(f"{FOLDER}/=0000c01c89cb2", TEXT.encode(), 0o700, 0)
    assert look(system, RESTARTER).value == ()


def test_another_s_job_is_no_job() -> None:
    assert look(waiting(TEXT.replace("python3 ghost.py &", "echo ghost.py")), RESTARTER).value == ()


def test_fedora_s_here_document_is_read() -> None:
    body = "${SHELL:-/bin/sh} << 'marcinDELIMITER2d7d6a2c'\npython3 ghost.py\nmarcinDELIMITER2d7d6a2c\n"
    job = one(waiting(TEXT.replace("python3 ghost.py &\n", body)), RESTARTER)
    assert job.command == "python3 ghost.py"


def test_an_ordinary_user_asks_the_programs() -> None:
    system = waiting(user="ghost")
    system.add_program("atq")
    system.add_command(("atq",), stdout="12\tMon Nov 23 22:10:00 2026 a ghost\n")
    system.add_command(("at", "-c", "12"), stdout=TEXT)
    job = one(system, RESTARTER)
    assert (job.id, job.scope) == ("12", "ghost")
    assert "2026-11-23 22:10" in job.trigger


def test_a_machine_without_at_is_asked_nothing() -> None:
    system = machine()
    assert look(system, RESTARTER).value == ()
    assert system.asked == []


@pytest.mark.parametrize("how", ["hangs", "exits 1", "is missing"])
def test_a_broken_atq_is_said(how: str) -> None:
    assert how in BROKEN
    system = waiting(user="ghost")
    system.add_program("atq")
    system.add_command(("atq",), broken(("atq",))[how])
    reading = look(system, RESTARTER)
    assert (reading.value, reading.complete) == ((), False)
    assert "`atq` failed" in str(reading.problem)


def test_rubbish_from_atq_is_an_empty_queue() -> None:
    system = waiting(user="ghost")
    system.add_program("atq")
    system.add_command(("atq",), broken(("atq",))["prints rubbish"])
    assert look(system, RESTARTER).value == ()


def test_who_may_not_use_at_has_no_jobs() -> None:
    system = waiting(user="ghost")
    system.add_program("atq")
    system.add_command(("atq",), stderr="You do not have permission to use atq.\n", status=1)
    assert look(system, RESTARTER).complete


def test_it_belongs_to_the_owner_of_its_file_whatever_its_text_says() -> None:
    """BSD's at(1) takes the name from the user's own environment."""
    system = waiting()
    system.add_file(
        "/etc/passwd", b"root:x:0:0::/root:/bin/sh\nalice:x:1001:1001::/home/alice:/bin/sh\n", uid=0
    )
    system.add_file(f"{FOLDER}/{NAME}", TEXT.encode(), 0o700, 1001)
    assert one(system, RESTARTER).scope == "alice"
