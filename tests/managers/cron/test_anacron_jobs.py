from ghostfix.managers.cron.anacron_jobs import RESTARTER
from ghostfix.managers.cron.crontab import held
from ghostfix.managers.cron.hold_line import HoldCronLine
from tests.fake_system import FakeSystem
from tests.managers.stage import do, look, machine, one

TABLE = "/etc/anacrontab"
TEXT = b"""# see anacron(8)
SHELL=/bin/sh
HOME = /root

1\t5\tcron.daily\trun-parts --report /etc/cron.daily
7 10\tghost.weekly  cd /srv/ghost && python3 ghost.py
"""


def tabled(text: bytes = TEXT, *, installed: bool = True) -> FakeSystem:
    system = machine()
    system.add_file(TABLE, text, uid=0)
    if installed:
        system.add_program("/usr/sbin/anacron")
    return system


def test_a_line_that_starts_the_service() -> None:
    job = one(tabled(), RESTARTER)
    assert (job.id, job.enabled, job.restarts_on_exit) == ("ghost.weekly", True, False)
    assert job.trigger == "every 7 days, 10 minutes after anacron starts"
    assert job.where is not None
    assert (job.where.file, job.where.line) == (TABLE, 6)


def test_a_line_is_held_and_released_byte_for_byte() -> None:
    system = tabled()
    (step,) = RESTARTER.hold(one(system, RESTARTER), "test")
    assert isinstance(step, HoldCronLine)
    captured = do(system, step)
    assert system.content(TABLE) == TEXT.replace(step.source, held(step.source))
    job = one(system, RESTARTER)
    assert (job.id, job.enabled) == ("ghost.weekly", False)
    step.undo(system, captured)
    step.undo(system, captured)
    assert system.content(TABLE) == TEXT


def test_a_commented_line_and_one_without_anacron_start_nobody() -> None:
    commented = one(tabled(TEXT.replace(b"7 10", b"#7 10")), RESTARTER)
    assert (commented.enabled, RESTARTER.hold(commented, "test")) == (False, ())
    alone = one(tabled(installed=False), RESTARTER)
    assert (alone.enabled, "not installed" in alone.trigger) == (False, True)


def test_periods_in_words_and_lines_that_go_on() -> None:
    text = b"@monthly 15 ghost.monthly cd /srv/ghost && \\\n  python3 ghost.py\n"
    job = one(tabled(text), RESTARTER)
    assert job.trigger == "every month, 15 minutes after anacron starts"
    assert job.command == "cd /srv/ghost && python3 ghost.py"


def test_rubbish_is_no_job() -> None:
    assert look(tabled(b"\xff\x00\n1 x y\n= =\n7\n" + b"a" * 5000), RESTARTER).value == ()


def test_a_table_that_cannot_be_read_is_said() -> None:
    system = tabled()
    system.add_file(TABLE, TEXT, unreadable=True)
    reading = look(system, RESTARTER)
    assert (reading.value, reading.complete) == ((), False)


def test_a_machine_without_a_table() -> None:
    system = machine()
    assert look(system, RESTARTER).complete
    assert system.asked == []
