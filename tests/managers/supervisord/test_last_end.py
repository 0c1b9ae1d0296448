"""How supervisord's programs ended."""

from datetime import datetime

import pytest

from ghostfix.managers.supervisord.daemon_log import events_of
from ghostfix.managers.supervisord.jobs import RESTARTER
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.survey import processes
from tests.fake_supervisorctl import CONFIG, FakeSupervisorctl
from tests.fake_system import FakeSystem

HOME = "/srv/ghost"
SERVICE = Service(name="ghost", profile="test", directory=HOME, script="ghost.py")
DAEMON = "[supervisord]\nlogfile=%(here)s/d.log\nchildlogdir=%(here)s/out\n"
PROGRAM = "[program:ghost]\ncommand=/usr/bin/python3 ghost.py\ndirectory=%(here)s\n"
STARTED = "2026-03-02 09:00:00,000 INFO supervisord started with pid 300\n"
STDERR = f"{HOME}/out/ghost-stderr---supervisor-k3_x.log"
QUICKLY = "Exited too quickly (process log may have details)"


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def machine(state: str, log: str, words: str = "", program: str = PROGRAM, name: str = "ghost") -> FakeSystem:
    system = FakeSystem()
    system.add_file(CONFIG, (DAEMON + program).encode())
    system.add_file(f"{HOME}/ghost.py", b"")
    system.add_file(f"{HOME}/d.log", (STARTED + log).encode())
    FakeSupervisorctl(system, {name: (state, 0)}, words={name: words} if words else {})
    return system


def jobs(system: FakeSystem, service: Service = SERVICE) -> tuple[Job, ...]:
    return RESTARTER.jobs(system, service, ProcessTree(processes.collect(system, service).value)).value


def ends(system: FakeSystem, service: Service = SERVICE) -> Reading[tuple[LastEnd, ...]]:
    assert RESTARTER.last_ends is not None
    return RESTARTER.last_ends(system, service, jobs(system, service))


def only(system: FakeSystem) -> LastEnd:
    reading = ends(system)
    assert reading.complete, reading.problem
    (end,) = reading.value
    return end


def test_what_cannot_be_started_is_told_in_supervisords_words_with_the_line_that_is_at_fault() -> None:
    end = only(machine("FATAL", "", "can't find command '/opt/gone/bin/python'"))
    assert (end.kind, end.given_up, end.restarting) == (EndKind.NOT_STARTED, True, False)
    told = "supervisord cannot start it: can't find command '/opt/gone/bin/python'; supervisord gave up"
    assert end.words == told
    assert (end.culprit, str(end.place)) == ("/opt/gone/bin/python", f"{CONFIG}:5")
    assert (end.job, end.scope, end.reported_by) == ("ghost", CONFIG, "supervisorctl status")
    assert end.status is None


def test_a_program_that_supervisord_gave_up_has_its_status_its_count_and_its_last_words() -> None:
    log = "".join(
        f"2026-03-02 09:00:0{second},100 INFO spawned: 'ghost' with pid {second}\n"
        f"2026-03-02 09:00:0{second},900 WARN exited: ghost (exit status 66; not expected)\n"
        for second in (1, 3, 6)
    )
    log += "2026-03-02 09:00:07,000 INFO gave up: ghost entered FATAL state, too many start retries\n"
    system = machine("FATAL", log, QUICKLY)
    system.add_file(
        STDERR, b"starting\n\ncannot read /etc/shop.conf\n", modified=local("2026-03-02 09:00:06.500")
    )
    end = only(system)
    assert (end.kind, end.status, end.starts, end.given_up) == (EndKind.EXITED, 66, 2, True)
    assert end.words.startswith("it exited with status 66 (EX_NOINPUT")
    assert end.words.endswith("; supervisord gave up after 3 starts")
    assert end.at == pytest.approx(local("2026-03-02 09:00:06.900"))
    assert ([line.text for line in end.lines], end.log) == (
        ["starting", "cannot read /etc/shop.conf"],
        STDERR,
    )
    assert end.reported_by == f"{HOME}/d.log"


def test_what_was_written_before_its_last_start_is_not_its_last_word() -> None:
    log = (
        "2026-03-02 09:00:10,000 INFO spawned: 'ghost' with pid 9\n"
        "2026-03-02 09:00:12,000 WARN exited: ghost (terminated by SIGSEGV (core dumped); not expected)\n"
    )
    system = machine("EXITED", log)
    system.add_file(STDERR, b"an older error\n", modified=local("2026-03-02 08:59:00"))
    end = only(system)
    assert (end.kind, end.signal, end.lines, end.log) == (EndKind.SIGNALLED, "SEGV", (), None)
    assert end.words.startswith("SIGSEGV ended it (a segmentation fault")


def test_one_that_waits_for_its_next_start_is_restarting() -> None:
    log = (
        "2026-03-02 09:00:10,000 INFO spawned: 'ghost' with pid 9\n"
        "2026-03-02 09:00:10,100 WARN exited: ghost (exit status 1; not expected)\n"
    )
    end = only(machine("BACKOFF", log, QUICKLY))
    assert (end.restarting, end.given_up, end.status) == (True, False, 1)


def test_one_that_was_told_to_stop_was_stopped() -> None:
    log = (
        "2026-03-02 09:00:10,000 INFO spawned: 'ghost' with pid 9\n"
        "2026-03-02 09:00:12,000 WARN stopped: ghost (terminated by SIGTERM)\n"
    )
    assert only(machine("STOPPED", log)).kind is EndKind.STOPPED


def test_one_that_never_ended_has_no_end() -> None:
    assert ends(machine("RUNNING", "")) == Reading(())
    assert ends(machine("STOPPED", "", "Not started")) == Reading(())


def test_a_log_of_an_earlier_daemon_says_nothing_of_this_one() -> None:
    old = "2026-03-01 09:00:10,000 WARN exited: ghost (exit status 1; not expected)\n"
    assert events_of(old + STARTED, "ghost") == ()
    assert len(events_of(STARTED + old, "ghost")) == 1
    assert events_of(STARTED + old, "ghost2") == ()


def test_the_program_that_the_profile_names_is_asked_for_though_nothing_leads_from_it() -> None:
    program = "[program:web]\ncommand=/usr/bin/other\n"
    system = machine("FATAL", "", "can't find command '/usr/bin/other'", program, "web")
    assert ends(system).value == ()
    named = Service(name="ghost", profile="t", directory=HOME, script="ghost.py", manager="supervisord:web")
    assert [end.job for end in ends(system, named).value] == ["web"]


@pytest.mark.parametrize(
    ("settings", "output"),
    [
        ("", (STDERR, f"{HOME}/out/ghost-stdout---supervisor-k3_x.log")),
        ("redirect_stderr=true\n", (f"{HOME}/out/ghost-stdout---supervisor-k3_x.log",)),
        (
            "stdout_logfile=%(here)s/%(program_name)s.out\nstderr_logfile=NONE\n",
            (f"{HOME}/ghost.out",),
        ),
        ("stdout_logfile=/dev/stdout\nstderr_logfile=syslog\n", ()),
    ],
)
def test_where_a_programs_output_goes(settings: str, output: tuple[str, ...]) -> None:
    system = machine("RUNNING", "", program=PROGRAM + settings)
    for channel in ("stderr", "stdout"):
        system.add_file(f"{HOME}/out/ghost-{channel}---supervisor-k3_x.log", b"")
    (job,) = jobs(system)
    assert job.output == output


def test_a_daemon_that_does_not_answer_is_not_one_without_ends() -> None:
    system = FakeSystem()
    system.add_file(CONFIG, (DAEMON + PROGRAM).encode())
    FakeSupervisorctl(system, broken="error: <class 'FileNotFoundError'>\n")
    reading = ends(system)
    assert not reading.complete
    assert "did not answer" in (reading.problem or "")
