from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.managers.cron.schedule import DUE_MOST, falls_on, field_values, in_words, is_schedule, last_due

ZONE = timezone(timedelta(hours=2))


def at(text: str, second: float = 0.5) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).timestamp() + second


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/1 * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("@every_minute", "every minute"),
        ("0 * * * *", "every hour"),
        ("@hourly", "every hour"),
        ("17 * * * *", "every hour at minute 17"),
        ("0 */4 * * *", "every 4 hours"),
        ("7 */4 * * *", "every 4 hours at minute 7"),
        ("15 3 * * *", "at 03:15 every day"),
        ("@midnight", "at 00:00 every day"),
        ("0 5 * * 1", "at 05:00 every Monday"),
        ("0 5 * * sun", "at 05:00 every Sunday"),
        ("47 6 * * 7", "at 06:47 every Sunday"),
        ("52 6 1 * *", "at 06:52 on day 1 of every month"),
        ("@monthly", "at 00:00 on day 1 of every month"),
        ("@yearly", "at 00:00 on 1 January"),
        ("@reboot", "at boot"),
        ("@600", "600 seconds after it last ended"),
        ("*/5 3-11 * * MON-FRI", "*/5 3-11 * * MON-FRI"),
        ("0 5 1 * 1", "0 5 1 * 1"),
        ("* 5 * * *", "* 5 * * *"),
        ("0 0 1 1 1", "0 0 1 1 1"),
    ],
)
def test_a_schedule_in_words(schedule: str, words: str) -> None:
    assert is_schedule(schedule)
    assert in_words(schedule) == words


@pytest.mark.parametrize(
    ("schedule", "moment", "falls"),
    [
        ("* * * * *", at("2026-03-04 10:17", 0.0), True),
        ("* * * * *", at("2026-03-04 10:17", 1.9), True),
        ("* * * * *", at("2026-03-04 10:17", 2.1), False),
        ("* * * * *", at("2026-03-04 10:17", 59.95), True),
        ("* * * * *", at("2026-03-04 10:17", 59.5), False),
        ("18 * * * *", at("2026-03-04 10:17", 59.95), True),
        ("*/5 * * * *", at("2026-03-04 10:15"), True),
        ("*/5 * * * *", at("2026-03-04 10:16"), False),
        ("0 10 * mar wed", at("2026-03-04 10:00"), True),
        ("0 10 * * 3", at("2026-03-04 10:00"), True),
        ("0 10 * * 7", at("2026-03-08 10:00"), True),
        ("0 10 * * fri-sun", at("2026-03-08 10:00"), True),
        ("0 10 * * 4", at("2026-03-04 10:00"), False),
        ("0 10 5 * 3", at("2026-03-04 10:00"), True),
        ("0 10 4 * 5", at("2026-03-04 10:00"), True),
        ("0 10 5 * 5", at("2026-03-04 10:00"), False),
        ("0 10 */2 * 3", at("2026-03-04 10:00"), False),
        ("*/90 * * * *", at("2026-03-04 10:00"), True),
        ("*/90 * * * *", at("2026-03-04 10:30"), False),
        ("22-2 * * * *", at("2026-03-04 10:22"), False),
        ("~ * * * *", at("2026-03-04 10:22"), False),
        ("@hourly", at("2026-03-04 10:00"), True),
        ("@reboot", at("2026-03-04 10:00"), False),
        ("", at("2026-03-04 10:00"), False),
    ],
)
def test_whether_a_start_falls_on_a_schedule(schedule: str, moment: float, falls: bool) -> None:
    assert falls_on(schedule, moment, ZONE) is falls


def test_the_machines_own_zone_is_used_unless_one_is_given() -> None:
    local = datetime(2026, 3, 4, 10, 17, 1)
    assert falls_on("17 10 * * *", local.timestamp())
    assert not falls_on("18 10 * * *", local.timestamp())


def test_when_a_schedule_was_last_due() -> None:
    now = datetime(2026, 11, 24, 12, 7, 30, tzinfo=ZONE).timestamp()
    due = last_due("*/15 * * * *", now, ZONE)
    clocks = [datetime.fromtimestamp(moment, ZONE).strftime("%d %H:%M:%S") for moment in due[:3]]
    assert clocks == ["24 12:00:00", "24 11:45:00", "24 11:30:00"]
    assert len(due) == 96
    assert len(last_due("* * * * *", now, ZONE)) == DUE_MOST
    assert [datetime.fromtimestamp(moment, ZONE).day for moment in last_due("0 15 * * *", now, ZONE)] == [23]
    assert last_due("@reboot", now, ZONE) == last_due("0 0 1 1 *", now, ZONE) == ()


def test_field_values_are_python_crontabs_with_sunday_as_0() -> None:
    assert field_values("1-5/2,7", 4) == {0, 1, 3, 5}
    assert field_values("sun-tue", 4) == {0, 1, 2}
    assert field_values("1-7/2", 4) == {0, 1, 3, 5}
    assert field_values("*/3", 4) == {0, 3, 6}
    assert field_values("10-20/90,*/99", 0) == {0, 10}
    assert field_values("jan,DEC", 3) == {1, 12}
    assert field_values("0-7", 4) == set(range(7))
    assert field_values("nonsense", 0) == frozenset()


@pytest.mark.parametrize("text", ["", "x", "* * * *", "* * * * * *", "1- * * * *", "*/ * * * *", "a b c d e"])
def test_what_is_no_schedule(text: str) -> None:
    assert not is_schedule(text)


@given(st.text("0123456789*,-/~?#LWHjanmonsu ", max_size=20), st.integers(0, 4))
def test_any_text_can_be_asked_for(text: str, index: int) -> None:
    assert all(0 <= value <= 59 for value in field_values(text, index))
    assert in_words(text) or not text
    falls_on(text, 0.0)
    if is_schedule(text):
        assert len(text.split()) in (1, 5)


@given(st.from_regex(r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,3})?", fullmatch=True), st.integers(0, 4))
def test_any_field_can_be_asked_for(text: str, index: int) -> None:
    assert all(0 <= value <= 59 for value in field_values(text, index))
