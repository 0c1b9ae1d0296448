"""How launchd's jobs ended, on the machine in memory."""

import pytest

from ghostfix.managers.launchd.jobs import RESTARTER
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from tests.fake_launchctl import FakeJob
from tests.fake_system import FakeSystem
from tests.managers.launchd.test_jobs import DIRECTORY, LABEL, PLIST, PYTHON, RUN, SERVICE, mac, only, plist

ERRORS = f"{DIRECTORY}/err.log"


def ended(*, program: bool = True, **job: object) -> FakeSystem:
    system, launchd = mac()
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), KeepAlive=True, StandardErrorPath=ERRORS))
    system.add_file(ERRORS, b"starting\nno database\n")
    if program:
        system.add_file(PYTHON, b"", mode=0o755)
    fake = FakeJob(label=LABEL, plist=PLIST, arguments=RUN, cwd=DIRECTORY, properties="runatload")
    for name, value in job.items():
        setattr(fake, name, value)
    launchd.jobs["gui/501", LABEL] = fake
    return system


def ends(system: FakeSystem) -> Reading[tuple[LastEnd, ...]]:
    assert RESTARTER.last_ends is not None
    return RESTARTER.last_ends(system, SERVICE, (only(system),))


def end_of(system: FakeSystem) -> LastEnd:
    (end,) = ends(system).value
    return end


def test_a_job_that_fails_again_and_again_has_its_code_its_runs_and_its_last_words() -> None:
    end = end_of(ended(last_exit=1, runs=38771, spawn_scheduled=True))
    assert (end.kind, end.status, end.starts, end.restarting) == (EndKind.EXITED, 1, 38770, True)
    assert end.words == "it exited with status 1"
    assert (end.lines[-1].text, end.log) == ("no database", ERRORS)
    assert (end.job, end.scope, end.at) == (LABEL, "gui/501", None)


def test_launchds_own_78_names_the_program_that_is_not_there() -> None:
    end = end_of(ended(program=False, last_exit=78, runs=54))
    assert (end.kind, end.culprit, end.lines) == (EndKind.NOT_STARTED, PYTHON, ())
    assert str(end.place) == PLIST


def test_a_program_that_is_there_and_exits_with_78_has_done_so_itself() -> None:
    end = end_of(ended(last_exit=78, runs=54))
    assert (end.kind, end.culprit) == (EndKind.EXITED, None)
    assert "EX_CONFIG" in end.words


@pytest.mark.parametrize(
    ("printed", "name"),
    [("Killed: 9", "KILL"), ("Bus error: 10", "BUS"), ("User defined signal 1: 30", "USR1")],
)
def test_signals_have_the_names_of_macos(printed: str, name: str) -> None:
    end = end_of(ended(last_signal=printed))
    assert (end.kind, end.signal, end.status) == (EndKind.SIGNALLED, name, None)


def test_one_that_never_exited_has_no_end() -> None:
    assert ends(ended()) == Reading(())
