import pytest

from ghostfix.managers.cron.adopt_line import AdoptCronLine
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.model.errors import StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_system import FakeCrontab, FakeSystem, default_caller

LINE = b"* * * * * /opt/ghostfix run web --quiet >>/srv/web/log 2>&1\n"
STEP = AdoptCronLine(reason="adopt", tab=CrontabFile(user="alice"), text=LINE)
TABS = {
    "none": None,
    "some": b"# mine\n*/5\t* * * *  x \\% % y\r\n",
    "empty": b"",
    "undecodable": b"* * * * * echo \xff\n",
}


def machine(content: bytes | None) -> tuple[FakeSystem, FakeCrontab]:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "alice"))
    return system, FakeCrontab(system, {} if content is None else {"alice": content})


@pytest.mark.parametrize("content", TABS.values(), ids=TABS.keys())
def test_added_and_taken_out_byte_for_byte(content: bytes | None) -> None:
    system, crontab = machine(content)
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert crontab.tabs["alice"] == (content or b"") + LINE
    assert isinstance(STEP.precondition(system), Unneeded)
    for _ in range(2):
        STEP.undo(system, captured)
        assert crontab.tabs.get("alice") == content


def test_a_crontab_of_another_shell_is_refused() -> None:
    for shell in (b"/bin/csh", b"/usr/bin/python3"):
        system, _ = machine(b"SHELL=/bin/bash\n1 1 * * * x\nSHELL = " + shell + b"\n")
        verdict = STEP.precondition(system)
        assert isinstance(verdict, Refused)
        assert f"sets SHELL={shell.decode()}" in verdict.reason
    system, _ = machine(b"SHELL=/bin/csh\n1 1 * * * x\nSHELL=/bin/bash\n")
    assert STEP.precondition(system) is None


def test_a_last_line_without_a_newline_gets_one_and_loses_it_again() -> None:
    system, crontab = machine(b"1 1 * * * x")
    captured = STEP.capture(system)
    STEP.apply(system)
    assert crontab.tabs["alice"] == b"1 1 * * * x\n" + LINE
    crontab.tabs["alice"] = b"# edited\n" + crontab.tabs["alice"]
    STEP.undo(system, captured)
    assert crontab.tabs["alice"] == b"# edited\n1 1 * * * x\n"


def test_what_was_edited_since_stays() -> None:
    system, crontab = machine(b"1 1 * * * x\n")
    captured = STEP.capture(system)
    STEP.apply(system)
    crontab.tabs["alice"] += b"2 2 * * * y\n"
    assert "edited since" in STEP.undo(system, captured)
    assert crontab.tabs["alice"] == b"1 1 * * * x\n2 2 * * * y\n"


def test_a_line_that_was_there_before_stays() -> None:
    system, crontab = machine(LINE)
    captured = STEP.capture(system)
    STEP.undo(system, captured)
    assert crontab.tabs["alice"] == LINE


def test_a_crontab_that_cannot_be_read_is_refused() -> None:
    system, crontab = machine(b"")
    crontab.refuses = "crontab: tmp/tmp.1: Operation not permitted\n"
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    with pytest.raises(StepError):
        STEP.capture(system)


def test_it_shows_the_line() -> None:
    assert (
        STEP.preview()
        == "give it to cron: add a line to the crontab of alice; cron starts it within a minute"
    )
    assert STEP.diff()[-1] == "+" + LINE.decode().rstrip()
