"""The documents of ``ghostfix undo --format json``: the runs there are, and what became of undoing one."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ghostfix.repair.journal import RunSummary
from ghostfix.repair.journal_records import EntryState, JournalEntry


class RunsDocument(Struct, frozen=True, kw_only=True):
    """Every run of this user, the newest first."""

    schema: str = "ghostfix.runs/1"
    runs: tuple[RunSummary, ...]


class UndoDocument(Struct, frozen=True, kw_only=True):
    """What became of each step that was done or may have been, the last one first."""

    schema: str = "ghostfix.undo/1"
    run: str | None
    """None when there was nothing that could be undone."""
    dry_run: bool
    changed: bool
    """Something was taken back just now; in a dry run, would be."""
    entries: tuple[JournalEntry, ...]


def undo_document(
    run: str | None, planned: Sequence[JournalEntry], results: Sequence[JournalEntry] | None
) -> UndoDocument:
    """The document of an undo; of its dry run, when there are no results."""
    wanted = {entry.n for entry in planned if entry.state is EntryState.PLANNED}
    undone = {entry.n for entry in results or () if entry.state is EntryState.UNDONE}
    return UndoDocument(
        run=run,
        dry_run=results is None,
        changed=bool(wanted) if results is None else bool(wanted & undone),
        entries=tuple(planned if results is None else results),
    )


def printed(document: RunsDocument | UndoDocument) -> str:
    """The document as JSON, with a line end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
