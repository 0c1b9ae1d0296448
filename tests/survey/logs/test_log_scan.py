"""A large log says the same whether it is read from end to end or only where it tells of errors."""

import shutil
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfix.commands.machine import local_system
from ghostfix.model.snapshot import LoggedError
from ghostfix.survey.logs.log_blocks import blocks, feed
from ghostfix.survey.logs.log_scan import Spot, spots, visit
from ghostfix.survey.logs.traceback_log import WORDS, TracebackLog
from tests.fake_system import FakeSystem

LOG = "/srv/large.log"
NOW = 1_800_000_000.0
LINES = (
    "2026-11-25 16:00:00,000 INFO app: all is well",
    "2026-11-25 17:00:00,000 ERROR app: the request failed",
    "Traceback (most recent call last):",
    '  File "/srv/app.py", line 10, in handle',
    "    answer(request)",
    "TypeError: '<' not supported between instances of 'NoneType' and 'int'",
    "OSError: [Errno 98] Address already in use",
    "x" * 200,
    "",
)


def found(text: bytes) -> tuple[Spot, ...]:
    """What grep would find."""
    lines = text.split(b"\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    return tuple(
        Spot(number + 1, offsets[number] + line.index(word.encode()))
        for number, line in enumerate(lines)
        for word in WORDS
        if word.encode() in line
    )


def visited(text: bytes) -> tuple[LoggedError, ...]:
    system = FakeSystem()
    system.add_file(LOG, text)
    log = TracebackLog(NOW)
    visit(system, LOG, len(text), log, tuple(sorted(found(text), key=lambda spot: spot.offset)))
    log.close()
    return log.errors


def read(text: bytes) -> tuple[LoggedError, ...]:
    log = TracebackLog(NOW)
    for block in blocks([text]):
        feed(log, block)
    log.close()
    return log.errors


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(LINES), st.integers(1, 40)), max_size=12))
def test_both_ways_find_the_same(parts: list[tuple[str, int]]) -> None:
    text = "\n".join(line for line, times in parts for _ in range(times)).encode()
    assert visited(text) == read(text)


def test_what_lies_between_is_not_read() -> None:
    quiet = (LINES[0] + "\n") * 20_000
    error = "\n".join(LINES[1:6]) + "\n"
    system = FakeSystem()
    text = (quiet + error + quiet).encode()
    system.add_file(LOG, text)
    log = TracebackLog(NOW)
    seen = 0
    real = system.read

    def count(path: str, limit: int, offset: int = 0) -> object:
        nonlocal seen
        reading = real(path, limit, offset)
        seen += len(reading.value)
        return reading

    system.read = count  # type: ignore[method-assign,assignment]
    visit(system, LOG, len(text), log, found(text))
    log.close()
    assert [(error.exception, error.count, error.first_line) for error in log.errors] == [
        ("TypeError", 1, 20_005)
    ]
    assert seen < 100_000


@pytest.mark.skipif(shutil.which("grep") is None, reason="there is no grep")
def test_grep_says_where(tmp_path: Path) -> None:
    text = (LINES[0] + "\n" + "\n".join(LINES[1:7]) + "\n").encode() * 3
    path = tmp_path / "-nasty.log"
    path.write_bytes(text + b"\xff\x00 rror\n")
    system = local_system()
    told = spots(system, str(path))
    assert told is not None
    by_line = {spot.line for spot in told}
    assert by_line == {spot.line for spot in found(text)} | {text.count(b"\n") + 1}
    path.write_text("all is well\n")
    assert spots(system, str(path)) == ()


def test_who_has_no_grep_reads_all() -> None:
    assert spots(FakeSystem(), LOG) is None
