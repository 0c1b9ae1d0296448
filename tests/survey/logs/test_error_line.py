import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.survey.logs.error_line import (
    IN_USE,
    MESSAGE_LIMIT,
    exception_line,
    known_error,
    last_line,
    node_error,
)


@pytest.mark.parametrize(
    ("line", "name", "message", "sure"),
    [
        ("ValueError: bad: very", "ValueError", "bad: very", True),
        ("ValueError", "ValueError", "", False),
        ("socket.gaierror: [Errno 8] x", "socket.gaierror", "[Errno 8] x", False),
        ("openai.AuthenticationError: x", "openai.AuthenticationError", "x", True),
        ("jinja2.exceptions.TemplateNotFound: a.html", "jinja2.exceptions.TemplateNotFound", "a.html", False),
        ("KeyboardInterrupt", "KeyboardInterrupt", "", False),
        ("ExceptionGroup: many (2 sub-exceptions)", "ExceptionGroup", "many (2 sub-exceptions)", False),
        ("TypeError:no blank", "TypeError", "no blank", True),
    ],
)
def test_exceptions(line: str, name: str, message: str, sure: bool) -> None:
    found = exception_line(line)
    assert found is not None
    assert (found.exception, found.message, found.sure) == (name, message, sure)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: x",
        "INFO:     y",
        "Crew error: z",
        "TimeoutError 16",
        " ValueError: x",
        "a: b",
        "",
        "http://x/Error",
    ],
)
def test_what_is_no_exception(line: str) -> None:
    assert exception_line(line) is None


@pytest.mark.parametrize(
    ("line", "after_frames", "told"),
    [
        ("Exception: could not start", False, "Exception: could not start"),
        ("Error: plain", False, "Error: plain"),
        ("MyProblem: x", False, "MyProblem: x"),
        ("MyProblem", False, "MyProblem: "),
        ("shop.out_of_stock: x", False, None),
        ("shop.out_of_stock: x", True, "shop.out_of_stock: x"),
        ("INFO: x", True, None),
        ("started", True, None),
    ],
)
def test_the_line_below_the_frames_of_a_traceback(line: str, after_frames: bool, told: str | None) -> None:
    found = last_line(line, after_frames)
    assert (found and f"{found.exception}: {found.message}") == told


def test_what_a_promise_was_rejected_with() -> None:
    found = node_error(
        'UnhandledPromiseRejection: This error ... The promise rejected with the reason "gone".'
    )
    assert found is not None
    assert found.message == '"gone"'


def test_a_node_error() -> None:
    found = node_error("Uncaught TypeError [ERR_X]: bad")
    assert found is not None
    assert (found.exception, found.message, found.sure) == ("TypeError", "bad", False)
    assert node_error("it was an Error: no") is None


@pytest.mark.parametrize(
    ("line", "announced", "told"),
    [
        (
            "x '<=' not supported between instances of 'int' and 'NoneType' y",
            False,
            "TypeError: '<=' not supp",
        ),
        ("bind() failed (98: Address already in use)", False, f"OSError: {IN_USE}"),
        (
            "[Errno 48] error while attempting to bind on address ('::1', 1): address already in use",
            False,
            "OSError: [Errno 48] error while attempting to bind",
        ),
        ("OSError: [Errno 48] Address already in use", False, "OSError: [Errno 48] Address"),
        ("Error: listen EADDRINUSE 0.0.0.0:80 # mine", False, "Error: listen EADDRINUSE 0.0.0.0:80"),
        ("Port 80 is in use by another program", False, f"OSError: {IN_USE}"),
        ("could not load: No module named 'psutil'", True, "ModuleNotFoundError: No module named 'psutil'"),
        ("ImportError: No module named psutil", False, "ModuleNotFoundError: No module named psutil"),
        ("/usr/bin/python: No module named a.b", False, "ModuleNotFoundError: No module named a.b"),
        ("psutil is optional (No module named psutil)", False, None),
        ("the port is in use", False, None),
    ],
)
def test_known_words(line: str, announced: bool, told: str | None) -> None:
    found = known_error(line, announced)
    assert told is None or (found is not None and f"{found.exception}: {found.message}".startswith(told))
    assert told is not None or found is None


def test_messages_are_bounded() -> None:
    found = exception_line("ValueError: " + "x" * 10_000)
    assert found is not None
    assert len(found.message) == MESSAGE_LIMIT


@given(st.text(max_size=200))
def test_no_line_breaks_them(line: str) -> None:
    exception_line(line)
    node_error(line)
    known_error(line, announced=True)
