import codecs
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LogExcerpt
from ghostfix.survey.logs.error_tally import KINDS_KEPT
from ghostfix.survey.logs.logs import ENDS, FILES, TAIL, collect
from tests.fake_system import FakeSystem

LOG = "/srv/ghost/logs/ghost.log"
ERROR = b'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\nValueError: bad\n'


def service(*logs: str) -> Service:
    return Service(
        name="ghost", profile="test", directory="/srv/ghost", module="ghost", logs=logs or ("logs/*.log",)
    )


def only(system: FakeSystem, since: float | None = None, *, everything: bool = False) -> LogExcerpt:
    found = collect(system, service(), since, everything)
    assert len(found.value) == 1, found
    return found.value[0]


def told(excerpt: LogExcerpt) -> list[str]:
    return [f"{error.count} {error.exception}: {error.message}" for error in excerpt.errors]


def with_log(content: bytes, modified: float | None = None) -> FakeSystem:
    system = FakeSystem()
    system.add_file(LOG, content, modified=modified)
    return system


def test_no_log_is_nothing_wrong() -> None:
    assert collect(FakeSystem(), service("logs/*.log", "ghost.log"), None) == Reading(())


def test_errors_of_a_log() -> None:
    content = b"started\n" + ERROR * 3
    excerpt = only(with_log(content))
    assert told(excerpt) == ["3 ValueError: bad"]
    assert (excerpt.path, excerpt.size, excerpt.read_from, excerpt.problem) == (LOG, len(content), 0, None)
    error = excerpt.errors[0]
    assert (error.first_line, error.last_line, error.place) == (5, 13, "a.py:1")


def test_of_a_large_log_the_end_is_read_and_lines_are_counted_from_there() -> None:
    content = ERROR + b"x" * 99 + b"\n" + b"." * TAIL + b"\nline\n" + ERROR
    excerpt = only(with_log(content))
    assert excerpt.read_from == len(content) - TAIL
    assert told(excerpt) == ["1 ValueError: bad"]
    rest = content[excerpt.read_from :].split(b"\n")
    assert rest[excerpt.errors[0].first_line - 1] == b"ValueError: bad"
    assert told(only(with_log(content), everything=True)) == ["2 ValueError: bad"]


def test_the_line_in_which_the_reading_begins_is_not_believed() -> None:
    first = b"ValueError: bad\n"
    content = b"said: " + first + b"y" * (TAIL - len(first) - 1) + b"\n"
    assert len(content) == TAIL + len(b"said: ")
    assert told(only(with_log(content))) == []
    assert told(only(with_log(content[len(b"said: ") :]))) == ["1 ValueError: bad"]


def test_a_huge_line_is_cut() -> None:
    content = b"a" * 10_000_000 + b"\n" + ERROR
    assert told(only(with_log(content), everything=True)) == ["1 ValueError: bad"]
    assert told(only(with_log(b"ValueError: " + b"a" * 10_000_000), everything=True)) == [
        "1 ValueError: " + "a" * 1000
    ]


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe\xfa\x80\n", b"\x00" * 5000 + b"\n", b"\xc3\n", b"\xed\xa0\x80\n"]
)
def test_undecodable_bytes_are_no_trouble(junk: bytes) -> None:
    assert told(only(with_log(b"x\n" + junk + ERROR + junk))) == ["1 ValueError: bad"]


@pytest.mark.parametrize(
    ("mark", "name"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
)
def test_utf_16_is_read(mark: bytes, name: str) -> None:
    content = mark + ERROR.decode().replace("\n", "\r\n").encode(name)
    assert told(only(with_log(content))) == ["1 ValueError: bad"]
    padded = mark + (b"." * TAIL).decode().encode(name) + b"\n".decode().encode(name) + content[2:]
    assert told(only(with_log(padded))) == ["1 ValueError: bad"]
    assert told(only(with_log(padded + b"x"))) == ["1 ValueError: bad"]


def test_a_line_without_end_costs_no_memory() -> None:
    system = with_log(b"a" * 40_000_000)
    tracemalloc.start()
    only(system, everything=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_file_that_two_patterns_match_is_read_once() -> None:
    system = with_log(ERROR)
    system.add_symlink("/srv/ghost/logs/current.log", LOG)
    found = collect(system, service("logs/ghost.log", "logs/*.log"), None)
    assert [excerpt.path for excerpt in found.value] == [LOG]


def test_a_log_behind_a_symlink_is_read() -> None:
    system = FakeSystem()
    system.add_file("/var/log/ghost.txt", ERROR)
    system.add_symlink(LOG, "/var/log/ghost.txt")
    assert told(only(system)) == ["1 ValueError: bad"]


def test_what_is_no_file_is_told_and_the_rest_is_read() -> None:
    system = with_log(ERROR)
    system.add_fifo("/srv/ghost/logs/fifo.log")
    system.add_folder("/srv/ghost/logs/folder.log")
    system.add_file("/srv/ghost/logs/secret.log", ERROR, unreadable=True)
    found = collect(system, service(), None)
    assert not found.complete
    by_path = {excerpt.path.rpartition("/")[2]: excerpt for excerpt in found.value}
    assert by_path["fifo.log"].problem == "it is no regular file"
    assert by_path["folder.log"].problem == "it is a folder"
    assert "Permission denied" in (by_path["secret.log"].problem or "")
    assert told(by_path["ghost.log"]) == ["1 ValueError: bad"]
    assert "secret.log" in (found.problem or "")


def test_a_folder_that_a_pattern_matches_is_only_noted() -> None:
    system = with_log(ERROR)
    system.add_folder("/srv/ghost/logs/old.log")
    found = collect(system, service(), None)
    assert found.complete
    assert found.problem == "/srv/ghost/logs/old.log: it is a folder"
    assert not collect(system, service("logs/old.log"), None).complete


def test_an_unreadable_folder_is_told() -> None:
    system = FakeSystem()
    system.add_folder("/srv/ghost/logs", unreadable=True)
    for pattern in ("logs/*.log", "logs/ghost.log"):
        found = collect(system, service(pattern), None)
        assert not found.complete
        assert "/srv/ghost/logs" in (found.problem or "")


def test_of_very_many_logs_the_newest_are_read() -> None:
    system = FakeSystem()
    for number in range(FILES + 5):
        system.add_file(f"/srv/ghost/logs/{number:03}.log", b"x\n", modified=float(number))
    found = collect(system, service(), None)
    assert [excerpt.path[-7:-4] for excerpt in found.value] == [
        f"{number:03}" for number in range(5, FILES + 5)
    ]
    assert found.complete
    assert "only the 50 written last" in (found.problem or "")


def test_very_many_kinds_of_errors_are_noted() -> None:
    names = [f"{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(KINDS_KEPT + 3)]
    content = "".join(f"KeyError: '{name}'\n" for name in names)
    found = collect(with_log(content.encode()), service(), None)
    assert found.complete
    assert "3 are left out" in (found.problem or "")
    assert len(found.value[0].errors) == KINDS_KEPT


SINCE = datetime(2025, 7, 29, 23, 35, tzinfo=UTC).timestamp()


GOING_ON = b"more\n" * 50


def test_in_a_log_older_than_the_instance_every_error_is_older() -> None:
    old = only(with_log(ERROR + GOING_ON, modified=SINCE - 10), SINCE).errors[0]
    assert (old.first_at, old.last_at) == (None, SINCE - 10)
    assert only(with_log(ERROR + GOING_ON, modified=SINCE + 10), SINCE).errors[0].last_at is None
    assert only(with_log(ERROR + GOING_ON, modified=SINCE - 10), None).errors[0].last_at is None


def test_the_last_record_of_a_log_was_written_when_the_log_was() -> None:
    dated = b"2025-07-29 23:34:40,000 INFO up\n"
    uncaught = ERROR.replace(b"in f", b"in <module>")
    content = dated + uncaught + uncaught.replace(b"bad", b"worse")
    excerpt = only(with_log(content, modified=SINCE + 5))
    times = {error.message: (error.last_at, error.after) for error in excerpt.errors}
    assert times == {"bad": (None, SINCE - 20), "worse": (SINCE + 5, None)}
    assert excerpt.ending is not None
    assert (excerpt.ending.message, excerpt.ending.last_at) == ("worse", SINCE + 5)


def test_errors_are_counted_since_the_start_each_by_itself() -> None:
    record = "2025-07-29 23:3{}:00,000 ERROR failed\nTraceback (most recent call last):\nValueError: row {}\n"
    content = "".join(record.format(minute, minute) for minute in range(8))
    (error,) = only(with_log(content.encode(), modified=SINCE + 200), SINCE + 0.5).errors
    assert (error.count, error.since_start) == (8, 3)
    assert only(with_log(content.encode(), modified=SINCE + 200), None).errors[0].since_start is None


def test_the_start_that_ghostfix_notes_bounds_what_follows() -> None:
    mark = b"--- ghostfix started ghost at 2025-07-29T23:35:00Z ---\n"
    excerpt = only(with_log(ERROR + mark + ERROR + GOING_ON))
    error = excerpt.errors[0]
    assert (error.count, error.last_at, error.after) == (2, None, SINCE)
    assert excerpt.ending is None


def test_what_was_written_before_the_last_start_did_not_end_it() -> None:
    mark = b"--- ghostfix started ghost at 2025-07-29T23:35:00Z ---\n"
    excerpt = only(with_log(ERROR + mark + b"listening\n"))
    assert (excerpt.ending, excerpt.last_lines) == (None, ("listening",))


def test_the_end_tells_more_of_an_error_that_is_counted() -> None:
    line = b"2025/07/29 23:35:00 [emerg] 7#7: bind() to 0.0.0.0:81 failed (98: Address already in use)\n"
    excerpt = only(with_log(line * 5))
    assert excerpt.errors == (excerpt.ending,)
    assert excerpt.ending is not None
    assert (excerpt.ending.count, excerpt.ending.about, excerpt.ending.last_line) == (5, "0.0.0.0:81", 5)


def test_of_many_logs_the_ends_of_those_written_last_are_read() -> None:
    system = FakeSystem()
    for number in range(ENDS + 2):
        system.add_file(f"/srv/ghost/logs/{number:03}.log", ERROR, modified=float(number))
    found = collect(system, service(), None)
    assert [excerpt.ending is None for excerpt in found.value] == [True] * 2 + [False] * ENDS


@settings(max_examples=60)
@given(st.binary(max_size=2000))
def test_no_log_breaks_the_collector(content: bytes) -> None:
    only(with_log(content))
