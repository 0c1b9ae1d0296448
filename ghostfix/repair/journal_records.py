"""The records of a journal: its lines, and where they say that a run stands (pure).

The first line says what was planned; every other one what happened to the run or to one step. A line
that was cut short by a sudden end, or that a later version wrote, is left out and counted: no act had relied
on what it would have said.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec
from msgspec import Struct, structs

from ghostfix.model.errors import RepairError
from ghostfix.model.instant import Instant, known

SCHEMA = "ghostfix.journal/1"
DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the document: bad syntax or types, bad UTF-8, deep nesting."""


class EntryState(Enum):
    """What is known of one step."""

    PLANNED = "planned"
    INTENT = "intent"
    """About to be done, and no word since: it may be done, half done or not begun."""
    DONE = "done"
    UNNEEDED = "unneeded"
    REFUSED = "refused"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The user did not want it."""
    NOT_REACHED = "not-reached"
    UNDO_INTENT = "undo-intent"
    UNDONE = "undone"
    UNDO_FAILED = "undo-failed"
    IRREVERSIBLE = "irreversible"


ACTING = frozenset({EntryState.INTENT, EntryState.UNDO_INTENT})
"""States in which something is being done at this moment, or was when ghostfix ended."""


class JournalEntry(Struct, frozen=True, kw_only=True):
    """One step of a run. ``preview`` and ``detail`` are safe to show."""

    n: int
    """Its number in the plan, from 1."""
    kind: str
    phase: str
    """``hold``, ``stop``, ``clean``, ``fix``, ``start`` or ``verify``."""
    preview: str
    reversible: bool = True
    state: EntryState = EntryState.PLANNED
    detail: str = ""
    at: Instant | None = None
    """When it came into this state; None while it is planned."""
    announced: bool = False
    """Its act was announced, so it may have changed the machine."""
    cut_off: bool = False
    """An act, or taking it back, was announced and its end never recorded, so it may be half done."""


class RunState(Enum):
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    """It came to its end, but a step was refused, failed or was not reached."""
    INTERRUPTED = "interrupted"
    UNFINISHED = "unfinished"
    """It says nothing about its end: it still runs, or ghostfix was killed."""
    UNDONE = "undone"
    UNDO_INCOMPLETE = "undo-incomplete"
    UNREADABLE = "unreadable"


class Opening(Struct, frozen=True, kw_only=True, tag="begun", tag_field="event"):
    """The first line: who set out to do what."""

    schema: str
    run: str
    service: str
    directory: str
    profile: str
    at: Instant
    pid: int
    user: str
    version: str
    steps: tuple[JournalEntry, ...]


class JournalLine(Struct, frozen=True, omit_defaults=True):
    """Any later line. ``n`` is 0 when it is about the whole run; then ``event`` is a ``RunState``."""

    event: str
    at: float
    """An ``Instant``, unless the line is damaged: what it says of an act must not be lost with its time."""
    n: int = 0
    detail: str = ""


class Journal(Struct, frozen=True, kw_only=True):
    """What happened in one run, as far as it was recorded."""

    run: str
    service: str
    directory: str
    started: float
    pid: int
    entries: tuple[JournalEntry, ...]
    state: RunState
    ended: float | None = None
    problem: str | None = None
    """Lines that could not be read, when there were any."""

    def entry(self, n: int) -> JournalEntry:
        return self.entries[n - 1]


class _Schema(Struct):
    schema: str


def read_journal(run: str, content: bytes) -> Journal:
    """The journal that these bytes hold (pure). Raises RepairError when they hold none."""
    first, *rest = content.split(b"\n")
    if not rest:
        raise RepairError(f"run {run} ended before it had done anything: its journal has no complete line")
    try:
        schema = msgspec.json.decode(first, type=_Schema).schema
        if schema != SCHEMA:
            raise RepairError(
                f"the journal of run {run} is of the kind {schema[:60]!r}; this version reads {SCHEMA}",
                "use the version of ghostfix that wrote it",
            )
        opening = msgspec.json.decode(first, type=Opening)
    except DAMAGED as error:
        raise RepairError(f"the journal of run {run} cannot be understood: {error}") from error
    if [entry.n for entry in opening.steps] != list(range(1, len(opening.steps) + 1)):
        raise RepairError(f"the journal of run {run} cannot be understood: its steps are not numbered")
    return _follow(opening, [line for line in rest if line])


def _follow(opening: Opening, lines: Sequence[bytes]) -> Journal:
    entries = list(opening.steps)
    state, ended, lost = RunState.UNFINISHED, None, 0
    for raw in lines:
        line = _line(raw)
        if line is None or line.n > len(entries) or line.n < 0:
            lost += 1
        elif line.n == 0:
            state, ended = RunState(line.event), known(line.at)
        else:
            entries[line.n - 1] = _after(entries[line.n - 1], line)
            state, ended = RunState.UNFINISHED, None
    return Journal(
        run=opening.run,
        service=opening.service,
        directory=opening.directory,
        started=opening.at,
        pid=opening.pid,
        entries=tuple(entries),
        state=state,
        ended=ended,
        problem=f"lines left out, cut short or not understood: {lost}" if lost else None,
    )


def _line(raw: bytes) -> JournalLine | None:
    """A line, or None for one that was cut short or that a newer version wrote."""
    try:
        line = msgspec.json.decode(raw, type=JournalLine)
    except DAMAGED:
        return None
    known = {state.value for state in (RunState if line.n == 0 else EntryState)}
    return line if line.event in known else None


def _after(entry: JournalEntry, line: JournalLine) -> JournalEntry:
    state = EntryState(line.event)
    begins = state in ACTING
    return structs.replace(
        entry,
        state=state,
        detail=line.detail,
        at=known(line.at),
        announced=entry.announced or state is EntryState.INTENT,
        cut_off=state is not EntryState.UNDONE and (entry.cut_off or (begins and entry.state in ACTING)),
    )
