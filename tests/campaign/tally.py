"""What the campaign counts, and what is true of a crontab."""

from dataclasses import dataclass, field
from pathlib import Path

from ghostfix.managers.cron.crontab import without_header
from ghostfix.repair.journal_records import EntryState, Journal, read_journal


@dataclass
class Tally:
    """The counts of one part of the campaign; only the last four must be 0."""

    title: str
    plays: int = 0
    signalled: int = 0
    """Plays that got their signal before they were over; of SIGHUP a repair takes no notice."""
    ended: int = 0
    """Plays that it ended."""
    refused: int = 0
    """Said not to be done, and not done."""
    lost: int = 0
    """Bytes of a crontab that are gone, or stand where they did not."""
    lies: int = 0
    """Said to be done, and not so."""
    not_undone: int = 0
    """An undo that did not bring everything back, and said so."""
    left: int = 0
    """Temporary files in the spool."""
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.lies or self.not_undone or self.left)

    def __str__(self) -> str:
        return (
            f"{self.title}: {self.plays} plays, {self.signalled} signalled, {self.ended} ended half-way, "
            f"{self.refused} refused; "
            f"{self.lost} lost bytes, {self.lies} silent lies, {self.not_undone} not undone, "
            f"{self.left} temporary files left"
        )

    def compare(self, original: bytes, before: bytes, what: str) -> None:
        """Counts what is lost, of what a file would hold without ghostfix's own lines."""
        if original != before:
            self.lost += max(1, abs(len(original) - len(before)))
            self.notes.append(f"{what}: {len(original)} bytes where {len(before)} were")

    def lie(self, what: str) -> None:
        self.lies += 1
        self.notes.append(f"a lie: {what}")


def is_adopted(line: bytes) -> bool:
    return b" ghostfix run " in line and b" --quiet " in line


def content_of(path: Path) -> bytes:
    """A crontab's bytes, below the program's header; empty when it is not there."""
    return without_header(path.read_bytes()) if path.exists() else b""


def stories(state: Path) -> list[Journal]:
    """The journals of all runs that have a first line."""
    found = sorted(state.glob("ghostfix/runs/*/journal.jsonl"))
    texts = [(path.parent.name, path.read_bytes()) for path in found]
    return [read_journal(run, text) for run, text in texts if b"\n" in text]


def said(journals: list[Journal], kind: str, state: EntryState) -> bool:
    return any(entry.kind == kind and entry.state is state for one in journals for entry in one.entries)
