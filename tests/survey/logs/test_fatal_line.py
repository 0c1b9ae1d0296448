import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.model.snapshot import Reason
from ghostfix.survey.logs.fatal_line import FatalLine, Weight, crash_line, last_words
from ghostfix.survey.logs.log_line import read_line


def words(text: str) -> FatalLine | None:
    return last_words(read_line(text, 1_800_000_000.0))


@pytest.mark.parametrize(
    ("line", "told", "place"),
    [
        ("panic: no queue", "panic: no queue", None),
        ("thread 'main' panicked at src/main.rs:3:5:", "panic: ", "src/main.rs:3"),
        ("thread 'io' (77) panicked at src/io.rs:3:5:", "panic: ", "src/io.rs:3"),
        ("thread 'main' panicked at 'no queue', src/main.rs:3:5", "panic: no queue", "src/main.rs:3"),
        ('Exception in thread "main" shop.NoQueue', "shop.NoQueue: ", None),
        ("Unhandled exception. Shop.NoQueue: gone", "Shop.NoQueue: gone", None),
        ("PHP Fatal error:  Uncaught NoQueue: gone in /srv/a.php:4", "NoQueue: gone", "/srv/a.php:4"),
        ("Parse error: syntax error in /srv/a.php on line 4", "Parse error: syntax error", "/srv/a.php:4"),
        (
            "a.rb:2:in 'Integer#/': divided by 0 (ZeroDivisionError)",
            "ZeroDivisionError: divided by 0",
            "a.rb:2",
        ),
        ("** (RuntimeError) no queue", "RuntimeError: no queue", None),
    ],
)
def test_crashes_by_the_words_of_their_language(line: str, told: str, place: str | None) -> None:
    found = crash_line(line)
    assert found is not None
    assert f"{found.exception}: {found.message}" == told
    assert (None if found.frame is None else found.frame.place) == place


@pytest.mark.parametrize(
    "line", ["do not panic", "no panic: it works", "a.rb:2: warning: x", "x fatal error: y", ""]
)
def test_what_is_no_crash(line: str) -> None:
    assert crash_line(line) is None


@pytest.mark.parametrize(
    ("line", "message", "weight"),
    [
        (
            "2026/11/30 19:10:31 [emerg] 9#9: open() failed (2: No such file)",
            "open() failed (2: No such file)",
            3,
        ),
        (
            "9:M 30 Nov 2026 19:10:31.539 # Warning: bind: Address already in use",
            "bind: Address already in use",
            3,
        ),
        ("2026-11-30 19:13:29.493 UTC [7] FATAL:  could not write", "could not write", 2),
        ("[2026-11-30 19:13:42 +0000] [7] [ERROR] something", "something", 1),
        ("ERROR: FPM initialization failed", "FPM initialization failed", 1),
        (
            '{"level":"fatal","msg":"listen","error":"address already in use"}',
            "listen: address already in use",
            3,
        ),
        ("serve: error: the port is too large", "serve: error: the port is too large", 3),
    ],
)
def test_what_stands_before_a_message_is_no_part_of_it(line: str, message: str, weight: int) -> None:
    found = words(line)
    assert found is not None
    assert (found.message, found.weight) == (message, Weight(weight))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "good night",
        "  no such file, indented",
        "2026-11-30 19:10:31 INFO no such file /a, made anew",
        '10.0.0.7 - - [30/Nov/2026:19:00:00 +0000] "GET /a HTTP/1.1" 403 permission denied',
        "{}",
    ],
)
def test_what_says_nothing_of_an_end(line: str) -> None:
    assert words(line) is None


def test_a_shell_names_its_script_and_line() -> None:
    found = words("./start.sh: line 3: /opt/run: Permission denied")
    assert found is not None
    assert (found.reason, found.frame and found.frame.place) == (Reason.PERMISSION_DENIED, "./start.sh:3")
    assert words("items: 12: all there") is None


@given(st.text(max_size=300))
def test_no_line_breaks_it(line: str) -> None:
    crash_line(line)
    words(line)
