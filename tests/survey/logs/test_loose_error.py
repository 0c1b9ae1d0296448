import pytest

from ghostfix.survey.logs.error_tally import SeenError
from ghostfix.survey.logs.log_line import read_line
from ghostfix.survey.logs.loose_error import LooseError, frame_above, position_above
from ghostfix.survey.logs.stack_frame import Frame


def begun(exception: str = "Error", message: str = "boom", *, sure: bool = False) -> LooseError:
    error = SeenError(exception=exception, message=message, line=1, begins=1)
    return LooseError(error=error, sure=sure, folder="/srv/shop")


def take(loose: LooseError, *lines: str) -> list[bool]:
    return [loose.take(read_line(line, 0.0), number) for number, line in enumerate(lines, start=2)]


def test_a_stack_trace_of_node_to_its_end() -> None:
    loose = begun()
    lines = (
        "    at f (node:net:1908:16)",
        "    at boot (/srv/shop/a.js:2:9)",
        "    at main (/srv/shop/b.js:7:9) {",
        "Emitted 'error' event on Server instance at:",
        "  code: 'EADDRINUSE',",
        "}",
        "",
        "Node.js v20.20.2",
    )
    assert all(take(loose, *lines))
    assert (loose.sure, loose.error.place, loose.error.ends) == (True, "/srv/shop/a.js:2", 9)
    assert take(loose, "next") == [False]


def test_the_cause_of_a_java_exception_is_what_counts() -> None:
    loose = begun("shop.Broken", "no", sure=True)
    take(loose, "\tat shop.Boot.main(Boot.java:3)", "Caused by: java.io.IOException: gone", "\t... 2 more")
    assert (loose.error.exception, loose.error.message) == ("java.io.IOException", "gone")
    assert loose.error.place == "Boot.java:3"


@pytest.mark.parametrize(
    ("exception", "line"), [("panic", "no port given"), ("std::runtime_error", "  what():  no port given")]
)
def test_a_message_in_the_line_below(exception: str, line: str) -> None:
    loose = begun(exception, "", sure=True)
    assert take(loose, line) == [True]
    assert loose.error.message == "no port given"


def test_a_new_record_is_none_of_its_lines() -> None:
    assert take(begun(sure=True), "2026-11-30 19:10:31 INFO next") == [False]
    assert take(begun(), "that was no stack trace") == [False]


def test_frames_above_an_exception() -> None:
    lines = ["started", '    |   File "/srv/a.py", line 3, in f', "    |     g()"]
    assert frame_above(lines) == [Frame("/srv/a.py", 3)]
    assert frame_above([*lines, "started"]) == []


def test_the_source_that_node_quotes() -> None:
    quoted = ["/srv/shop/a.js:1", "let x = ;", "        ^", ""]
    assert position_above(quoted) == Frame("/srv/shop/a.js", 1)
    assert position_above(quoted[:2]) is None
