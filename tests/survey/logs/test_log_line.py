from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.survey.logs.log_line import LogLine, read_line

NOW = datetime(2025, 7, 30, 12, tzinfo=UTC).timestamp()


def read(text: str) -> LogLine:
    return read_line(text, NOW, UTC)


AT = datetime(2025, 7, 29, 23, 35, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-07-29 23:35:00,123 ERROR x", AT + 0.123),
        ("2025-07-29 23:35:00.123 | ERROR    | app:run:12 - x", AT + 0.123),
        ("2025-07-29T23:35:00Z x", AT),
        ("2025-07-30T01:35:00.5+02:00 x", AT + 0.5),
        ("[2025-07-29 23:35:00 +0000] [12] [ERROR] x", AT),
        ("[2025-07-29T19:35:00.000-0400] {app.py:3} INFO - x", AT),
        ("2025-07-29T23:35:00.123456789Z stderr F x", AT + 0.123456),
        ("2025/07/29 23:35:00 [emerg] x", AT),
        ('10.0.0.1 - - [29/Jul/2025:23:35:00 +0000] "GET /"', AT),
        ('[29/Jul/2025 23:35:00] "GET /"', AT),
        ("Jul 29 23:35:00 host app[1]: x", AT),
        ("1753832100 x", AT),
        ("1753832100.25: x", AT + 0.25),
        ('{"level": "error", "ts": 1753832100.5, "msg": "x"}', AT + 0.5),
        ("time=1753832100 level=error", AT),
        ("--- ERROR AT 2025-07-29 23:35:00.250000 ---", AT + 0.25),
    ],
)
def test_timestamps_of_the_common_formats(text: str, at: float) -> None:
    found = read(text).at
    assert found is not None
    assert found == pytest.approx(at, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23:35:00 x",
        "2025-13-45 99:99:99 x",
        "Foo 29 23:35:00 x",
        "port 5555 of 1753832100",
        "Jul 99 23:35:00 x",
    ],
)
def test_what_is_no_timestamp(text: str) -> None:
    assert read(text).at is None


def test_a_time_without_a_zone_is_of_the_given_zone() -> None:
    zone = timezone(timedelta(hours=2))
    assert read_line("2025-07-30 01:35:00 x", NOW, zone).at == AT


def test_a_date_without_a_year_never_is_in_the_future() -> None:
    found = read("Dec 31 23:00:00 host app: x").at
    assert found == datetime(2024, 12, 31, 23, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "carrier", "body"),
    [
        ("Jul 29 23:35:00 host app[12]: Traceback", "host app[12]", "Traceback"),
        ("2025-07-29T23:35:00+02:00 host app[12]:   File", "host app[12]", "  File"),
        ("0|api    |     at x (y.js:1:2)", "0|api", "    at x (y.js:1:2)"),
        ("web_1  | ValueError: x", "web_1", "ValueError: x"),
        ("12:00:01 web.1  |   File", "web.1", "  File"),
        ("  |   File", "", "  |   File"),
        ("2025-07-29 23:35:00,123 ERROR x", "", "2025-07-29 23:35:00,123 ERROR x"),
        ("\x1b[31m\x1b[1mValueError\x1b[0m: x\r", "", "ValueError: x"),
        ("\ufeffplain", "", "plain"),
    ],
)
def test_what_carried_a_line(text: str, carrier: str, body: str) -> None:
    line = read(text)
    assert (line.carrier, line.body) == (carrier, body)


@pytest.mark.parametrize(
    ("text", "level", "quiet"),
    [
        ("2025-07-29 23:35:00,123 ERROR x", "ERROR", False),
        ("2025-07-29 23:35:00,123 - app - WARNING - x", "WARNING", True),
        ("INFO:     started", "INFO", True),
        ("ERROR:root:x", "ERROR", False),
        ("[2025-07-29 23:35:00 +0000] [12] [CRITICAL] x", "CRITICAL", False),
        ('{"level": "debug", "msg": "x"}', "DEBUG", True),
        ("level=warn msg=x", "WARN", True),
        ("app: info for you", None, False),
        ("2025-07-29T23:35:00Z ERROR fixes: x", "ERROR", False),
        ("<error> x", "ERROR", False),
        ("    raise ERROR", None, False),
        ("no errors here", None, False),
    ],
)
def test_levels(text: str, level: str | None, quiet: bool) -> None:
    line = read(text)
    assert (line.level, line.quiet) == (level, quiet)


def test_the_start_that_ghostfix_notes() -> None:
    line = read("--- ghostfix started my ghost at 2025-07-29T23:35:00Z ---")
    assert line.starts
    assert line.at == AT
    assert not read("he said: --- ghostfix started x at 2025-07-29T23:35:00Z ---").starts


@given(st.text(max_size=300))
def test_no_line_breaks_the_reader(text: str) -> None:
    read(text)


@given(
    st.from_regex(
        r"\[?\d{0,5}[-/ ]\w{1,3}[-/ ]\d{1,4}[T :]\d\d:\d\d:\d\d([.,]\d+)?([+-]\d\d:?\d\d|Z)?\]?.{0,20}"
    )
)
def test_no_date_breaks_the_reader(text: str) -> None:
    read(text)
