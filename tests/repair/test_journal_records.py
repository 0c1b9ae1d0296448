"""What happened in a run, from the bytes of its journal."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.model.errors import RepairError
from ghostfix.repair.journal_records import (
    SCHEMA,
    EntryState,
    JournalEntry,
    JournalLine,
    Opening,
    RunState,
    read_journal,
)

RUN = "20261123-201530-a1b2"


def opening(steps: int = 2, schema: str = SCHEMA) -> bytes:
    entries = tuple(
        JournalEntry(n=n, kind="stop-process", phase="stop", preview="x") for n in range(1, steps + 1)
    )
    return msgspec.json.encode(
        Opening(
            schema=schema,
            run=RUN,
            service="ghost",
            directory="/srv/ghost",
            profile="p",
            at=1.0,
            pid=7,
            user="u",
            version="0",
            steps=entries,
        )
    )


def told(*lines: JournalLine) -> bytes:
    return b"".join(text + b"\n" for text in (opening(), *(msgspec.json.encode(line) for line in lines)))


def test_what_was_only_planned() -> None:
    journal = read_journal(RUN, told())
    assert journal.state is RunState.UNFINISHED
    assert [entry.state for entry in journal.entries] == [EntryState.PLANNED, EntryState.PLANNED]
    assert not any(entry.announced for entry in journal.entries)


def test_an_announced_act_without_a_word_since_may_be_done() -> None:
    journal = read_journal(RUN, told(JournalLine("intent", 2.0, 1)))
    assert journal.entry(1).state is EntryState.INTENT
    assert journal.entry(1).announced
    assert journal.entry(1).at == 2.0


def test_a_done_step_stays_announced() -> None:
    journal = read_journal(
        RUN,
        told(
            JournalLine("intent", 2.0, 1), JournalLine("done", 3.0, 1, "well"), JournalLine("complete", 4.0)
        ),
    )
    assert (journal.entry(1).state, journal.entry(1).detail) == (EntryState.DONE, "well")
    assert journal.entry(1).announced
    assert (journal.state, journal.ended) == (RunState.COMPLETE, 4.0)


def test_a_run_that_is_being_undone_is_not_complete_any_more() -> None:
    lines = (
        JournalLine("intent", 2.0, 1),
        JournalLine("done", 3.0, 1),
        JournalLine("complete", 4.0),
        JournalLine("undo-intent", 5.0, 1),
    )
    assert read_journal(RUN, told(*lines)).state is RunState.UNFINISHED
    assert (
        read_journal(RUN, told(*lines, JournalLine("undone", 6.0, 1), JournalLine("undone", 7.0))).state
        is RunState.UNDONE
    )


def test_a_last_line_that_was_cut_short_is_left_out_at_every_length() -> None:
    whole = told(JournalLine("intent", 2.0, 1), JournalLine("done", 3.0, 1, "well"))
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole) - 1):
        journal = read_journal(RUN, whole[:end])
        assert journal.entry(1).state is EntryState.INTENT
        assert (journal.problem is None) == (end == last)


def test_lines_after_a_torn_one_count() -> None:
    content = (
        told(JournalLine("intent", 2.0, 1))
        + b'{"event":"do\n'
        + msgspec.json.encode(JournalLine("undone", 3.0, 1))
        + b"\n"
    )
    journal = read_journal(RUN, content)
    assert journal.entry(1).state is EntryState.UNDONE
    assert journal.problem == "lines left out, cut short or not understood: 1"


@pytest.mark.parametrize(
    "line",
    [
        JournalLine("teleported", 2.0, 1),
        JournalLine("done", 2.0, 3),
        JournalLine("done", 2.0, -1),
        JournalLine("done", 2.0),
        JournalLine("complete", 2.0, 1),
    ],
)
def test_a_line_of_a_later_version_is_left_out_and_counted(line: JournalLine) -> None:
    journal = read_journal(RUN, told(line))
    assert [entry.state for entry in journal.entries] == [EntryState.PLANNED, EntryState.PLANNED]
    assert journal.state is RunState.UNFINISHED
    assert journal.problem is not None


def test_a_later_format_is_named() -> None:
    with pytest.raises(RepairError, match=r"ghostfix\.journal/2") as caught:
        read_journal(RUN, opening(schema="ghostfix.journal/2") + b"\n")
    assert "version of ghostfix that wrote it" in caught.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\n", b"[]\n", b'{"schema":1}\n', b'{"schema":"ghostfix.journal/1"}\n']
)
def test_a_journal_without_an_opening_is_an_error_for_the_user(content: bytes) -> None:
    with pytest.raises(RepairError):
        read_journal(RUN, content)


def test_steps_must_be_numbered() -> None:
    document = opening().replace(b'"n":2', b'"n":3')
    with pytest.raises(RepairError, match="numbered"):
        read_journal(RUN, document + b"\n")


def test_deep_nesting_is_an_error_for_the_user() -> None:
    with pytest.raises(RepairError):
        read_journal(RUN, b'{"x":' + b"[" * 200_000 + b"\n")
    assert read_journal(RUN, opening() + b"\n" + b'{"x":' + b"[" * 200_000 + b"\n").problem is not None


@given(st.binary(max_size=300))
def test_any_bytes_after_the_opening_are_read(tail: bytes) -> None:
    assert len(read_journal(RUN, opening() + b"\n" + tail).entries) == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_a_story_or_an_error_for_the_user(content: bytes) -> None:
    with suppress(RepairError):
        read_journal(RUN, content)


@given(st.data())
def test_a_damaged_byte_anywhere_is_survived(data: st.DataObject) -> None:
    whole = bytearray(told(JournalLine("intent", 2.0, 1), JournalLine("done", 3.0, 1, "well")))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    with suppress(RepairError):
        read_journal(RUN, bytes(whole))


@pytest.mark.parametrize("at", [1e300, -1e18, 9e11])
def test_a_damaged_time_loses_no_act(at: float) -> None:
    """The step is still undone; only when it was done is not known."""
    journal = read_journal(
        RUN,
        told(JournalLine("intent", at, 1), JournalLine("done", at, 1, "well"), JournalLine("complete", at)),
    )
    assert (journal.entry(1).state, journal.entry(1).announced) == (EntryState.DONE, True)
    assert (journal.entry(1).at, journal.ended) == (None, None)


@pytest.mark.parametrize("at", [b"1e300", b"-1e300", b"1e999", b'"noon"'])
def test_a_damaged_beginning_is_no_journal(at: bytes) -> None:
    content = told().replace(b'"at":1.0', b'"at":' + at)
    with pytest.raises(RepairError, match="cannot be understood"):
        read_journal(RUN, content)


@pytest.mark.parametrize(
    ("events", "cut_off"),
    [
        ("intent done", False),
        ("intent failed undo-intent undo-failed", False),
        ("intent undo-intent undo-failed", True),
        ("intent done undo-intent undo-intent undo-failed", True),
        ("intent done undo-intent undo-failed undo-intent undo-failed", False),
        ("intent undo-intent undone", False),
    ],
)
def test_an_act_whose_end_was_never_told_may_have_been_cut_off(events: str, cut_off: bool) -> None:
    lines = (JournalLine(event, 2.0, 1) for event in events.split())
    assert read_journal(RUN, told(*lines)).entry(1).cut_off is cut_off
