"""The journal: what a repair set out to do and what became of it, on the disk before each act.

A run has a folder, ``STATE/ghostfix/runs/RUN/``, where STATE is ``$XDG_STATE_HOME`` or ``~/.local/state``:

``journal.jsonl``
    What happened, one JSON object a line, only ever appended to, each line on the disk before the next act.
    The first line says what was planned; every other one what happened to the run or to one step. It
    holds text that is safe to show, never a secret.
``kept/N.json``
    What undoing step N needs (see ``kept``). It may hold secrets, and is written before the line that
    announces the act.
``kept/N.touched.jsonl``
    The processes that the act stops or ends, each before that, and those that it has started. Of what only
    shows itself in the midst of the act, a child that is just being forked say, no other file says.

Both are private to the user who ran the repair. A last line that was cut short by a sudden end is left
out when the journal is read: no act had relied on what it would have said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import Struct, structs

from ghostfix import __version__
from ghostfix.model.errors import ChangedError, ProfileError, RepairError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileKind
from ghostfix.repair.journal_records import (
    SCHEMA,
    EntryState,
    Journal,
    JournalEntry,
    JournalLine,
    Opening,
    RunState,
    read_journal,
)
from ghostfix.repair.state_folder import (
    check_trusted,
    is_private,
    lock_path,
    own_folder,
    state_folder,
    unwritable,
)

_RUN = Pattern(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4,8}")
_LIMIT = 16 * 1024 * 1024
"""Bytes that are read of a journal, and of what was kept for a step; nothing larger is written."""
_LIST_HINT = "`ghostfix undo --list` shows the runs that there are"


class RunSummary(Struct, frozen=True, kw_only=True):
    """One run in a list. Of an unreadable one only the id and the ``problem`` are known."""

    id: str
    state: RunState
    service: str = ""
    directory: str = ""
    started: float | None = None
    ended: float | None = None
    done: int = 0
    """Steps whose act was done, or may have been, and that were not undone."""
    reversible: int = 0
    """Those among them that an undo can take back."""
    steps: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class JournalWriter:
    """Appends to the journal of one run. Every method returns when its text is on the disk."""

    system: ActingSystem
    run: str
    folder: str

    def note(self, entry: JournalEntry) -> JournalEntry:
        """Records what became of a step, and gives the entry with its time."""
        entry = structs.replace(entry, at=self.system.now())
        self._append(JournalLine(entry.state.value, self.system.now(), entry.n, entry.detail))
        return entry

    def ended(self, state: RunState, detail: str = "") -> None:
        """Records how the run, or its undoing, came to an end."""
        self._append(JournalLine(state.value, self.system.now(), 0, detail))

    def keep(self, n: int, content: bytes) -> None:
        """Keeps what undoing step ``n`` needs; to be called before its act is announced.

        Raises StepError when it is more than an undo would read, UnwritableError when it cannot be written.
        """
        if len(content) > _LIMIT:
            raise StepError(
                f"undoing it would need {len(content):,} bytes, and an undo reads {_LIMIT:,}: it is not done"
            )
        try:
            self.system.create(f"{self.folder}/kept/{n}.json", content, 0o600)
        except StepError as error:
            raise unwritable(self.folder, error) from error

    def touched(self, n: int, content: bytes) -> None:
        """Keeps a line of whom the act of step ``n`` touches (``kept.Touched``)."""
        try:
            self.system.append(f"{self.folder}/kept/{n}.touched.jsonl", content, 0o600)
        except StepError as error:
            raise unwritable(self.folder, error) from error

    def _append(self, line: JournalLine) -> None:
        try:
            self.system.append(_journal_file(self.folder), msgspec.json.encode(line) + b"\n", 0o600)
        except StepError as error:
            raise unwritable(self.folder, error) from error


def begin(system: ActingSystem, service: Service, steps: Sequence[JournalEntry]) -> JournalWriter:
    """Opens the journal of a new run: what is planned is on the disk before this returns."""
    runs_folder = own_folder(system, "runs")
    caller, now = system.caller(), system.now()
    for number in range(caller.pid, caller.pid + 1000):
        run = f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{number & 0xFFFF:04x}"
        opening = Opening(
            schema=SCHEMA,
            run=run,
            service=service.name,
            directory=service.directory,
            profile=service.profile,
            at=now,
            pid=caller.pid,
            user=caller.user,
            version=__version__,
            steps=tuple(steps),
        )
        first = msgspec.json.encode(opening) + b"\n"
        if len(first) > _LIMIT // 2:  # the other half is for what becomes of the steps
            raise RepairError(f"a plan of {len(steps)} steps is more than an undo would read")
        writer = JournalWriter(system, run, f"{runs_folder}/{run}")
        try:
            system.make_folder(f"{writer.folder}/kept", 0o700)
            system.create(_journal_file(writer.folder), first, 0o600)
        except ChangedError:
            continue  # another repair has taken this name within the same second
        except StepError as error:
            raise unwritable(writer.folder, error) from error
        return writer
    raise RepairError(f"no free name for a run below {runs_folder}")


def reopen(system: ActingSystem, run: str) -> JournalWriter:
    """Goes on with the journal of a run; a line that was cut short is ended first."""
    folder = run_folder(system, run)
    writer = JournalWriter(system, run, folder)
    reading = system.read(_journal_file(folder), _LIMIT)
    if reading.complete and not reading.value.endswith(b"\n"):
        try:
            system.append(_journal_file(folder), b"\n", 0o600)
        except StepError as error:
            raise unwritable(folder, error) from error
    return writer


def load(system: System, run: str) -> Journal:
    """The journal of a run. Raises ProfileError when there is none, RepairError when it cannot be read."""
    folder = run_folder(system, run)
    status = system.status(_journal_file(folder)).value
    if status is None:
        raise ProfileError(f"there is no run {run}", _LIST_HINT)
    if not is_private(system, status, FileKind.REGULAR):
        raise RepairError(f"{_journal_file(folder)} is not a private file of your own, so it is not trusted")
    reading = system.read(_journal_file(folder), _LIMIT)
    if not reading.complete:
        raise RepairError(f"the journal of run {run} cannot be read: {reading.problem}")
    return read_journal(run, reading.value)


def kept(system: System, run: str, n: int) -> bytes:
    """What was kept for undoing step ``n``. Raises RepairError when it cannot be read."""
    return _private(system, f"{run_folder(system, run)}/kept/{n}.json")


def touched(system: System, run: str, n: int) -> bytes:
    """The processes that the act of step ``n`` has touched, one a line; may be empty. Raises as ``kept``."""
    path = f"{run_folder(system, run)}/kept/{n}.touched.jsonl"
    there = system.status(path)
    return b"" if there.complete and there.value is None else _private(system, path)


def _private(system: System, path: str) -> bytes:
    status = system.status(path).value
    if status is None or not is_private(system, status, FileKind.REGULAR):
        raise RepairError(f"{path} is missing, or is not a private file of your own")
    reading = system.read(path, _LIMIT)
    if not reading.complete:
        raise RepairError(f"{path} cannot be read: {reading.problem}")
    return reading.value


def runs(system: System) -> tuple[RunSummary, ...]:
    """Every run of this user that began, the newest first. Raises RepairError when they cannot be listed."""
    folder = state_folder(system)
    names = system.names(f"{folder}/runs")
    if not names.complete:
        raise RepairError(
            f"the runs cannot be listed: {names.problem}",
            f"`ls -ld {folder}` shows whose it is; or set XDG_STATE_HOME to a folder of your own",
        )
    if not names.value and system.status(folder).value is not None:
        check_trusted(system)  # in a folder that another user made, no runs says nothing about ours
    began = [name for name in names.value if _RUN.fullmatch(name) and _began(system, name)]
    return tuple(_summary(system, name) for name in reversed(began))


def unfinished(system: System, service: Service) -> tuple[RunSummary, ...]:
    """The runs for this service that ended without a word or by an interruption, the newest first.

    A run that is going on at this moment is none of them, nor is one before the last complete repair.
    """
    found: list[RunSummary] = []
    for run in runs(system):
        if (run.service, run.directory) != (service.name, service.directory):
            continue
        if run.state is RunState.COMPLETE:
            break
        if run.state in (RunState.UNFINISHED, RunState.INTERRUPTED) and run.done:
            found.append(run)
    if found and system.is_locked(lock_path(system, service.name, service.directory)):
        return ()
    return tuple(found)


def _began(system: System, run: str) -> bool:
    """False when ghostfix came to its end before the first line was whole: then nothing was done."""
    content = system.read(_journal_file(f"{state_folder(system)}/runs/{run}"), _LIMIT)
    return b"\n" in content.value or (not content.complete and _lies_there(system, run))


def _lies_there(system: System, run: str) -> bool:
    return system.status(_journal_file(f"{state_folder(system)}/runs/{run}")).value is not None


def _summary(system: System, run: str) -> RunSummary:
    try:
        journal = load(system, run)
    except RepairError as error:
        return RunSummary(id=run, state=RunState.UNREADABLE, problem=error.message)
    standing = [
        entry for entry in journal.entries if entry.announced and entry.state is not EntryState.UNDONE
    ]
    return RunSummary(
        id=run,
        state=journal.state,
        service=journal.service,
        directory=journal.directory,
        started=journal.started,
        ended=journal.ended,
        done=len(standing),
        reversible=sum(entry.reversible for entry in standing),
        steps=len(journal.entries),
        problem=journal.problem,
    )


def run_folder(system: System, run: str) -> str:
    """The folder of a run, after a check of who owns what is above it."""
    if not _RUN.fullmatch(run):
        raise ProfileError(f"{run[:60]!r} is not the id of a run", _LIST_HINT)
    if system.status(state_folder(system)).value is None:
        raise ProfileError(f"there is no run {run}", _LIST_HINT)
    check_trusted(system)
    return f"{state_folder(system)}/runs/{run}"


def _journal_file(folder: str) -> str:
    return f"{folder}/journal.jsonl"
