from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfix.model.snapshot import LoggedError
from ghostfix.survey.logs.error_tally import KINDS_KEPT
from ghostfix.survey.logs.traceback_log import TracebackLog
from tests.log_lines import read_log

NOW = datetime(2025, 7, 30, 12, tzinfo=UTC).timestamp()
AT = datetime(2025, 7, 29, 23, 35, 0, tzinfo=UTC).timestamp()
NONE_COMPARISON = "'>' not supported between instances of 'NoneType' and 'int'"


def errors(text: str) -> tuple[LoggedError, ...]:
    return read_log(text.split("\n"), NOW, UTC)


def only(text: str) -> LoggedError:
    found = errors(text)
    assert len(found) == 1, found
    return found[0]


def told(text: str) -> list[str]:
    return [f"{error.count} {error.exception}: {error.message}" for error in errors(text)]


PLAIN = """\
Traceback (most recent call last):
  File "/srv/ghost/main.py", line 12, in <module>
    main()
  File "/srv/ghost/fixes.py", line 7, in check
    if last > 3:
       ^^^^^^^^
TypeError: '>' not supported between instances of 'NoneType' and 'int'"""


def test_a_plain_traceback() -> None:
    assert only(PLAIN) == LoggedError(
        exception="TypeError",
        message=NONE_COMPARISON,
        count=1,
        first_line=7,
        last_line=7,
        place="/srv/ghost/fixes.py:7",
    )


def test_the_same_error_is_counted() -> None:
    error = only("\n".join(["started", PLAIN, "going on", PLAIN]))
    assert (error.count, error.first_line, error.last_line) == (2, 8, 16)


def test_messages_that_differ_in_numbers_are_one_kind_and_the_latest_is_shown() -> None:
    text = "\n".join(f"Traceback (most recent call last):\nValueError: row {n} at 0x{n}f" for n in (1, 22))
    assert told(text) == ["2 ValueError: row 22 at 0x22f"]


def test_kinds_are_apart_by_type_and_message() -> None:
    text = (
        "Traceback (most recent call last):\nKeyError: 'a'\nTraceback (most recent call last):\nKeyError: 'b'"
    )
    assert told(text) == ["1 KeyError: 'a'", "1 KeyError: 'b'"]


@pytest.mark.parametrize(
    "words",
    [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ],
)
def test_a_chain_is_one_error_and_the_last_counts(words: str) -> None:
    second = PLAIN.replace("TypeError", "RuntimeError").replace(NONE_COMPARISON, "gave up")
    assert told(f"{PLAIN}\n\n{words}\n\n{second}\nnext line") == ["1 RuntimeError: gave up"]


def test_a_chain_after_a_message_of_several_lines() -> None:
    first = PLAIN.replace(NONE_COMPARISON, "could not connect\n\tIs the server running?\n\n(more: https://x)")
    marker = "During handling of the above exception, another exception occurred:"
    assert told(f"{first}\n\n{marker}\n\n{PLAIN}") == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_chain_that_is_cut_off_counts_as_its_complete_part() -> None:
    marker = "During handling of the above exception, another exception occurred:"
    cut = 'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()'
    assert told(f"{PLAIN}\n\n{marker}\n\n{cut}") == [f"1 TypeError: {NONE_COMPARISON}"]


GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "main.py", line 4, in <module>
  |     raise ExceptionGroup("many", errors)
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "main.py", line 2, in f
    |     1 / 0
    | ZeroDivisionError: division by zero
    |
    | During handling of the above exception, another exception occurred:
    |
    | Traceback (most recent call last):
    |   File "main.py", line 2, in f
    | KeyError: 1
    +---------------- 2 ----------------
    | ValueError: 1
    +------------------------------------"""


def test_an_exception_group_is_one_error() -> None:
    assert told(f"{GROUP}\n\n{GROUP}\nafter") == ["2 ExceptionGroup: many (2 sub-exceptions)"]


def test_a_group_in_a_chain() -> None:
    marker = "During handling of the above exception, another exception occurred:"
    assert told(f"{PLAIN}\n\n{marker}\n\n{GROUP}") == ["1 ExceptionGroup: many (2 sub-exceptions)"]
    assert told(f"{GROUP}\n\n{marker}\n\n{PLAIN}") == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_syntax_error() -> None:
    text = """\
Traceback (most recent call last):
  File "main.py", line 1, in <module>
    import broken
  File "/srv/broken.py", line 3
    x = = 1
        ^
SyntaxError: invalid syntax"""
    assert only(text).place == "/srv/broken.py:3"


def test_an_exception_without_a_message() -> None:
    assert told(PLAIN.replace(f": {NONE_COMPARISON}", "")) == ["1 TypeError: "]


def test_colours_blank_lines_and_arrows() -> None:
    text = """\
\x1b[33m\x1b[1mTraceback (most recent call last):\x1b[0m

> File "\x1b[32mmain.py\x1b[0m", line \x1b[33m9\x1b[0m, in \x1b[35mrun\x1b[0m
    f(x)
    │ └ None

\x1b[31m\x1b[1mValueError\x1b[0m:\x1b[1m bad\x1b[0m"""
    error = only(text)
    assert (error.exception, error.message, error.place) == ("ValueError", "bad", "main.py:9")


@pytest.mark.parametrize(
    "prefix",
    [
        "Jul 29 23:35:0{} host ghost[812]: ",
        "0|ghost    | ",
        "ghost-1  | ",
        "2025-07-29 23:35:0{},123 ERROR fixes: ",
        "2025-07-29T23:35:0{}.123456789Z stderr F ",
        "ERROR:root:",
    ],
)
def test_a_prefix_before_each_line(prefix: str) -> None:
    lines = [prefix.format(number) + line for number, line in enumerate(PLAIN.split("\n"))]
    after = prefix.format(9) + "all is well again"
    assert told("\n".join([*lines, after])) == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_prefix_before_the_first_line_only() -> None:
    text = f"2025-07-29 23:35:00,123 ERROR {PLAIN}\n2025-07-29 23:36:00,123 INFO next"
    assert told(text) == [f"1 TypeError: {NONE_COMPARISON}"]


def test_lines_of_other_programs_and_threads_between() -> None:
    one = [f"Jul 29 23:35:00 host ghost[1]: {line}" for line in PLAIN.split("\n")]
    two = [
        f"Jul 29 23:35:00 host ghost[2]: {line}" for line in PLAIN.replace("TypeError", "OSError").split("\n")
    ]
    mixed = [line for pair in zip(one, two, strict=True) for line in pair]
    assert sorted(told("\n".join(mixed))) == [
        f"1 OSError: {NONE_COMPARISON}",
        f"1 TypeError: {NONE_COMPARISON}",
    ]


def test_records_between_the_lines_of_a_traceback() -> None:
    lines = PLAIN.split("\n")
    lines.insert(3, "2025-07-29 23:35:00,123 INFO web: GET /health")
    assert told("\n".join(lines)) == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_traceback_in_a_json_record() -> None:
    inside = PLAIN.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = f'{{"level": "error", "exc_info": "{inside}", "ts": 1753832100.0}}'
    error = only(text)
    assert (error.exception, error.message) == ("TypeError", NONE_COMPARISON)
    assert error.place == "/srv/ghost/fixes.py:7"


def test_frames_after_the_exception_without_a_header() -> None:
    log = TracebackLog(NOW, UTC)
    for line in ["ValueError: bad", "(2 frames not shown)", "...", '  File "a.py", line 1, in f', "", "next"]:
        log.feed(line)
    log.close()
    assert log.tracebacks == 1
    assert [(error.exception, error.place) for error in log.errors] == [("ValueError", "a.py:1")]


NODE = """\
events.js:72
        throw er; // Unhandled 'error' event
              ^
Error: listen EADDRINUSE: address already in use :::5555
    at Server.setupListenHandle [as _listen2] (net.js:1343:19)
    at /srv/ghost/server.js:8:18
next"""


def test_a_node_stack_trace() -> None:
    error = only(NODE)
    assert (error.exception, error.place) == ("Error", "/srv/ghost/server.js:8")
    assert error.message == "listen EADDRINUSE: address already in use :::5555"


def test_a_node_stack_trace_of_another_error() -> None:
    assert told("Error: boom\n    at run (/srv/a.js:3:4)") == ["1 Error: boom"]
    assert only("Error: boom\n    at f (net.js:1:2)\n    at node:internal/main:2:3").place == "net.js:1"
    assert told("Error: boom\nthat was no stack trace") == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"2025-07-29 23:35:00 ERROR server fixes: {NONE_COMPARISON}", f"TypeError: {NONE_COMPARISON}"),
        (f"Error in server fixes: {NONE_COMPARISON}", f"TypeError: {NONE_COMPARISON}"),
        ("OSError: [Errno 98] Address already in use", "OSError: [Errno 98] Address already in use"),
        ("bind() to 0.0.0.0:80 failed (98: Address already in use)", "OSError: Address already in use"),
        ("Port 5555 is in use by another program.", "OSError: Address already in use"),
        (
            "Address already in use\nPort 5555 is in use by another program.",
            "OSError: Address already in use",
        ),
        ("ModuleNotFoundError: No module named 'psutil'", "ModuleNotFoundError: No module named 'psutil'"),
        ("/usr/bin/python3: No module named ghost", "ModuleNotFoundError: No module named ghost"),
        ("requests.exceptions.ConnectionError: refused", "requests.exceptions.ConnectionError: refused"),
    ],
)
def test_one_line_errors(line: str, found: str) -> None:
    assert told(f"before\n{line}\nafter") == [f"1 {found}"]


@pytest.mark.parametrize(
    "line",
    [
        "no error here",
        "Error: nothing known",
        "INFO: all fine",
        "TimeoutError 16",
        "Warning: low disk",
        "a: b",
    ],
)
def test_what_is_no_error(line: str) -> None:
    assert told(f"before\n{line}\nafter") == []


def test_an_error_told_in_a_line_and_again_as_a_traceback_is_one() -> None:
    text = f"2025-07-29 23:35:00 ERROR fixes: {NONE_COMPARISON}\n{PLAIN}"
    assert told(text) == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_traceback_without_its_end_is_still_told() -> None:
    cut = "\n".join(PLAIN.split("\n")[:5])
    assert told(cut) == ["1 Traceback: (cut off before its last line)"]
    assert told(f'raised: TypeError("{NONE_COMPARISON}")\n{cut}') == [f"1 TypeError: {NONE_COMPARISON}"]


def test_a_traceback_without_its_end_does_not_swallow_the_rest() -> None:
    cut = "\n".join(PLAIN.split("\n")[:5])
    noise = "\n".join(f"line {number}" for number in range(60))
    assert told(f"{cut}\n{noise}\n{PLAIN}") == [
        "1 Traceback: (cut off before its last line)",
        f"1 TypeError: {NONE_COMPARISON}",
    ]


@pytest.mark.parametrize(
    ("level", "handled"), [("INFO", True), ("WARNING", True), ("DEBUG", True), ("ERROR", False), ("", False)]
)
def test_logged_below_error_is_handled(level: str, handled: bool) -> None:
    caught = PLAIN.replace("<module>", "run")
    assert only(f"2025-07-29 23:35:00,123 {level} retrying\n{caught}").handled is handled


def test_a_traceback_from_a_module_is_not_handled_whatever_stands_before_it() -> None:
    assert not only(f"2025-07-29 23:35:00,123 INFO started\n{PLAIN}").handled


def test_an_access_log_line_before_a_traceback_says_nothing_of_it() -> None:
    caught = PLAIN.replace("<module>", "run")
    assert not only(f'INFO:     127.0.0.1:1 - "GET / HTTP/1.1" 500\n{caught}').handled


def test_handled_and_unhandled_are_two_kinds() -> None:
    caught = PLAIN.replace("<module>", "run")
    found = errors(f"2025-07-29 23:35:00,123 INFO x\n{caught}\n2025-07-29 23:35:00,123 ERROR x\n{caught}")
    assert [(error.count, error.handled) for error in found] == [(1, True), (1, False)]


def test_times_come_from_the_records_near_by() -> None:
    second = PLAIN.replace("TypeError", "2025-07-29 23:36:00 noise\nTypeError")
    error = only(f"2025-07-29 23:35:00,000 ERROR x\n{PLAIN}\n2025-07-29 23:35:30,000 ERROR x\n{second}")
    assert (error.first_at, error.last_at) == (AT, AT + 30)


def test_a_timestamp_far_away_dates_nothing() -> None:
    noise = "\n".join(["."] * 100)
    assert only(f"2025-07-29 23:35:00,000 INFO start\n{noise}\n{PLAIN}").last_at is None


def test_the_start_that_ghostfix_notes_bounds_what_follows_it() -> None:
    noise = "\n".join(["."] * 100)
    text = f"{PLAIN}\n--- ghostfix started ghost at 2025-07-29T23:35:00Z ---\n{noise}\n{PLAIN}"
    error = only(text)
    assert (error.count, error.last_at, error.after) == (2, None, AT)
    assert only(f"{PLAIN}\n--- ghostfix started ghost at 2025-07-29T23:35:00Z ---\nfine").after is None


def test_of_very_many_kinds_the_latest_are_kept() -> None:
    log = TracebackLog(NOW, UTC)
    for number in range(KINDS_KEPT + 50):
        name = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        log.feed("Traceback (most recent call last):")
        log.feed(f"KeyError: '{name}'")
    log.close()
    assert len(log.errors) == KINDS_KEPT
    assert log.forgotten == 50


def test_a_one_line_error_right_after_a_traceback_is_not_swallowed() -> None:
    other = PLAIN.replace("TypeError", "KeyError").replace(NONE_COMPARISON, "'a'")
    assert told(f"{other}\nserver fixes: {NONE_COMPARISON}") == [
        "1 KeyError: 'a'",
        f"1 TypeError: {NONE_COMPARISON}",
    ]


def test_two_tracebacks_of_two_threads_mixed_up() -> None:
    one, two = PLAIN.split("\n"), PLAIN.replace("TypeError", "OSError").split("\n")
    mixed = [one[0], two[0], one[1], two[1], *one[2:], *two[2:]]
    assert sorted(told("\n".join(mixed))) == [
        f"1 OSError: {NONE_COMPARISON}",
        f"1 TypeError: {NONE_COMPARISON}",
    ]


@pytest.mark.parametrize("last", ["Exception: could not start", "Exception", "Error: plain", "MyProblem: x"])
def test_a_class_of_any_name(last: str) -> None:
    name, _, message = last.partition(": ")
    text = 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\n    g()\n' + last
    assert told(text) == [f"1 {name}: {message}"]


def test_a_log_that_begins_in_the_middle_of_a_record() -> None:
    group = only('    |   File "/srv/a.py", line 3, in f\n    | ValueError: bad\n    +------')
    assert (group.exception, group.message, group.place) == ("ValueError", "bad", "/srv/a.py:3")
    plain = only('  File "/srv/a.py", line 3, in f\n    g()\nsocket.gaierror: bad')
    assert (plain.exception, plain.place) == ("socket.gaierror", "/srv/a.py:3")
    assert told("    | ValueError: bad") == []


def test_the_place_is_the_user_s_own_line() -> None:
    text = """\
Traceback (most recent call last):
  File "/srv/ghost/main.py", line 2, in <module>
    os.environ["URL"]
  File "<frozen os>", line 679, in __getitem__
KeyError: 'URL'"""
    assert only(text).place == "/srv/ghost/main.py:2"


def test_an_error_of_node_is_counted_once() -> None:
    text = f"""{NODE[: NODE.rindex("next")]}\
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1944:8) {{
  code: 'EADDRINUSE',
  port: 5555
}}

Node.js v20.20.2"""
    assert only("\n".join([text] * 3)).count == 3


@pytest.mark.parametrize(
    ("text", "found", "place"),
    [
        (
            "panic: no queue\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a/main.go:7 +0x6c",
            "panic: no queue",
            "/srv/a/main.go:7",
        ),
        ("\nthread 'main' panicked at src/main.rs:3:5:\nno queue", "panic: no queue", "src/main.rs:3"),
        (
            'Exception in thread "main" a.B: bad\n\tat a.Boot.main(Boot.java:3)\nCaused by: a.C: worse',
            "a.C: worse",
            "Boot.java:3",
        ),
        ("a.rb:2:in `/': divided by 0 (ZeroDivisionError)", "ZeroDivisionError: divided by 0", "a.rb:2"),
        ("terminate called after throwing an instance of 'E'\n  what():  no", "E: no", None),
    ],
)
def test_crashes_of_other_languages_are_counted(text: str, found: str, place: str | None) -> None:
    error = only(f"{text}\nnext\n{text}")
    assert (error.count, f"{error.exception}: {error.message}", error.place) == (2, found, place)


def test_an_undated_error_gets_no_time_but_that_of_its_own_record() -> None:
    assert only(f"2025-07-29 23:35:00,000 INFO up\n{PLAIN}").last_at is None
    assert only(f"2025-07-29 23:35:00,000 INFO up\n{PLAIN}").after == AT
    assert only(f"2025-07-29 23:35:00,000 ERROR failed\n{PLAIN}").last_at == AT
    assert only(f"2025-07-29 23:35:00,000 starting\n{PLAIN}").last_at is None


def test_a_journal_s_lines_bring_their_time() -> None:
    log = TracebackLog(NOW, UTC)
    for number, line in enumerate(PLAIN.split("\n")):
        log.feed(line, AT + number)
    log.close(NOW)
    assert [(error.first_at, error.after) for error in log.errors] == [(AT, None)]


def test_a_very_long_line_is_no_trouble() -> None:
    assert told("(" * 200_000 + "\n" + "    at " + "(" * 200_000 + "\n" + "a." * 100_000) == []
    message = "x" * 200_000
    assert len(only(f"Traceback (most recent call last):\nValueError: {message}").message) == 1000


PIECES = st.sampled_from(
    [
        *PLAIN.split("\n"),
        *GROUP.split("\n"),
        *NODE.split("\n"),
        "",
        "2025-07-29 23:35:00,123 INFO x",
        "Jul 29 23:35:00 host a[1]: Traceback (most recent call last):",
        "During handling of the above exception, another exception occurred:",
        "web_1 | ValueError: x",
        '{"e": "Traceback (most recent call last):\\n  File \\"x\\"',
        "--- ghostfix started x at 2025-07-29T23:35:00Z ---",
    ]
)


@settings(max_examples=300)
@given(st.lists(PIECES | st.text(max_size=60), max_size=60))
def test_no_log_breaks_the_reader(lines: list[str]) -> None:
    log = TracebackLog(NOW, UTC)
    for line in lines:
        log.feed(line)
    log.close()
    for error in log.errors:
        assert error.exception
        assert 1 <= error.first_line <= error.last_line <= len(lines)
        assert error.count >= 1


@pytest.mark.parametrize("more", ["", "    +------------------------------------\n"])
def test_a_group_whose_header_is_cut_off(more: str) -> None:
    frames = '    |   File "/srv/a.py", line 3, in f\n    |     g()\n    |   File "/srv/b.py", line 9, in g\n'
    found = only(f"{frames}    |     raise ValueError('bad')\n    | ValueError: bad\n{more}")
    assert (found.exception, found.message, found.place) == ("ValueError", "bad", "/srv/b.py:9")


def test_a_margin_without_a_frame_is_no_group() -> None:
    assert errors("    | name | ValueError: bad\n    | ValueError: bad\n") == ()
