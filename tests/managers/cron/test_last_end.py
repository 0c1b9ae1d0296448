"""The last run of a crontab line."""

from ghostfix.managers.cron.jobs import RESTARTER
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from tests.fake_system import FakeSystem, answered
from tests.managers.stage import HOME, SERVICE, look, machine

ASKED = (
    "journalctl", "--quiet", "--output=short-unix", "--lines=300", "--identifier=CRON", "--identifier=CROND",
)  # fmt: skip
LINE = f"cd {HOME} && python3 ghost.py >/dev/null 2>&1"
JOURNAL = (
    f"1772442001.100000 host CRON[70]: (root) CMD ({LINE})\n"
    "1772442001.200000 host CRON[69]: pam_unix(cron:session): session opened\n"
    f"1772442031.500000 host CRON[80]: (root) CMD (  {LINE})\n"
    "1772442031.600000 host CRON[81]: (root) CMD (true)\n"
)


def ran(line: str = LINE, journal: str = JOURNAL, status: int = 0) -> FakeSystem:
    system = machine()
    system.add_file("/etc/crontab", f"* * * * * root {line}\n".encode())
    system.add_program("journalctl")
    system.add_command(ASKED, answered(ASKED, status, journal.encode(), b"no journal\n"))
    return system


ENVIRONMENT = "of the environment it had PATH, HOME, SHELL, LOGNAME and what the crontab sets"


def ends(system: FakeSystem) -> Reading[tuple[LastEnd, ...]]:
    assert RESTARTER.last_ends is not None
    return RESTARTER.last_ends(system, SERVICE, look(system, RESTARTER).value)


def test_when_it_ran_last_and_that_its_output_was_thrown_away() -> None:
    (end,) = ends(ran()).value
    assert (end.kind, end.at, end.status) == (EndKind.EXITED, 1772442031.5, None)
    assert end.words == (
        "cron started it at 2026-03-02 09:00:31 UTC, and it ended; what it printed was thrown away "
        f"(>/dev/null); {ENVIRONMENT}"
    )
    assert (end.reported_by, end.lines) == ("cron's journal", ())


def test_the_output_of_a_guard_is_not_the_services() -> None:
    line = f"pgrep -f ghost.py >/dev/null || (cd {HOME} && python3 ghost.py >>out.log 2>&1)"
    system = ran(line, JOURNAL.replace(LINE, line))
    system.add_file(f"{HOME}/out.log", b"no database\n", modified=1772442032.0)
    (end,) = ends(system).value
    assert end.words == f"cron started it at 2026-03-02 09:00:31 UTC, and it ended; {ENVIRONMENT}"
    assert ([each.text for each in end.lines], end.log) == (["no database"], f"{HOME}/out.log")


def test_what_still_runs_has_not_ended() -> None:
    system = ran()
    system.add_process(80, ("/bin/sh", "-c", "sleep 9"))
    assert ends(system) == Reading(())


def test_a_line_that_has_not_come_round_has_no_end() -> None:
    assert ends(ran(journal=JOURNAL.replace("ghost.py", "other.py"))) == Reading(())


def test_a_journal_that_does_not_answer_is_told() -> None:
    assert not ends(ran(status=1)).complete
