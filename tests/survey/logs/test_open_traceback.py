import pytest

from ghostfix.survey.logs.error_tally import SeenError
from ghostfix.survey.logs.log_line import LogLine, read_line
from ghostfix.survey.logs.open_traceback import HEADER, OpenTraceback, begin, header


def line(text: str) -> LogLine:
    return read_line(text, 0.0)


def opened(before: str = "", record: str = "") -> OpenTraceback:
    return begin(before, line(record or before), SeenError(line=1), None)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (HEADER, 0),
        (f"x {HEADER}", 2),
        (f"  + Exception Group {HEADER}", 20),
        (f"  | {HEADER}", None),
        ("x", None),
    ],
)
def test_where_a_header_stands(text: str, start: int | None) -> None:
    assert header(text) == start


def test_an_unprefixed_traceback_owns_lines_without_a_time() -> None:
    traceback = opened()
    assert traceback.own(line('  File "a", line 1')) == '  File "a", line 1'
    assert traceback.own(line("2025-07-29 23:35:00 INFO x")) is None


def test_a_prefixed_traceback_owns_lines_with_its_prefix() -> None:
    traceback = opened("2025-07-29 23:35:00,123 ERROR app: ")
    assert (
        traceback.own(line('2025-07-29 23:35:01,456 ERROR app:   File "a", line 1')) == '  File "a", line 1'
    )
    assert traceback.own(line("2025-07-29 23:35:00 INFO x")) is None


def test_a_prefix_of_the_header_only() -> None:
    traceback = opened("2025-07-29 23:35:00,123 ERROR app: ")
    assert traceback.own(line('  File "a", line 1')) == '  File "a", line 1'
    assert traceback.prefix is None


def test_taking_lines_to_the_exception() -> None:
    traceback = opened()
    assert traceback.take('  File "a.py", line 3, in f', 2)
    assert not traceback.take("something else", 3)
    assert traceback.take("ValueError: bad", 4)
    assert traceback.ended
    error = traceback.close()
    assert (error.exception, error.message, error.line, error.place) == ("ValueError", "bad", 4, "a.py:3")


def test_a_cut_traceback_tells_its_hint() -> None:
    assert opened().close().exception == "Traceback"
    hinted = begin("", line(""), SeenError(line=1), SeenError(exception="KeyError", message="'a'"))
    assert (hinted.close().exception, hinted.error.message) == ("KeyError", "'a'")


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("", True),
        ("the rest of the message", True),
        ("During handling of the above exception, another exception occurred:", True),
        ("2025-07-29 23:35:00 INFO next", False),
        ("KeyError: 'another'", False),
        (HEADER, False),
    ],
)
def test_what_follows_an_exception(text: str, goes_on: bool) -> None:
    traceback = opened()
    traceback.take("ValueError: bad", 2)
    assert traceback.goes_on(line(text), text) is goes_on


def test_it_is_lost_after_many_lines_of_others() -> None:
    traceback = opened()
    traceback.foreign = 40
    assert not traceback.lost
    traceback.foreign += 1
    assert traceback.lost
