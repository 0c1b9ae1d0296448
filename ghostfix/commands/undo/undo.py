"""Taking a repair back: which run is meant, what would be undone, and what became of it (text or JSON)."""

import sys
from collections.abc import Sequence

from ghostfix.commands import machine
from ghostfix.model.errors import ExitCode
from ghostfix.model.safe_text import safe
from ghostfix.repair import execute, journal
from ghostfix.repair.journal import RunSummary
from ghostfix.repair.journal_records import EntryState, JournalEntry, RunState
from ghostfix.repair.undo_document import RunsDocument, printed, undo_document
from ghostfix.report.output import ask
from ghostfix.report.reports import when
from ghostfix.system.reader_loss import survive_reader_loss


def undo_run(run: str | None, *, only_list: bool, dry_run: bool, yes: bool, as_json: bool) -> ExitCode:
    """Shows the steps of a run, asks, and takes them back; without a run the last one that did something."""
    if not (dry_run or only_list):
        survive_reader_loss()
    system = machine.local_system()
    runs = journal.runs(system)
    print_undo = _print_for_a_program if as_json else _print_for_a_person
    if only_list:
        _list_for_a_program(runs) if as_json else _list(runs)
        return ExitCode.HEALTHY
    chosen = _last(runs) if run is None else run
    planned = () if chosen is None else execute.would_undo(system, chosen)
    if chosen is None or dry_run or not any(entry.state is EntryState.PLANNED for entry in planned):
        print_undo(chosen, planned, None if dry_run else planned)
        if run is None and not any(entry.state is EntryState.PLANNED for entry in planned):
            _name_older(runs, chosen)
        return ExitCode.HEALTHY
    if not yes:
        print_undo(chosen, planned, None)
        answer = ask("Take these steps back? [y/N] ") if sys.stdin.isatty() else None
        if answer is None or answer.lower() not in ("y", "yes"):
            sys.stderr.write("ghostfix: nothing was undone; `ghostfix undo --yes` does not ask.\n")
            return ExitCode.REPAIR_INCOMPLETE
    results = execute.undo(system, chosen)
    print_undo(chosen, planned, results)
    if any(entry.state is EntryState.UNDO_FAILED for entry in results):
        sys.stderr.write(f"ghostfix: not everything could be undone; `ghostfix undo {chosen}` tries again.\n")
        return ExitCode.REPAIR_INCOMPLETE
    return ExitCode.HEALTHY


def _print_for_a_person(
    run: str | None, planned: Sequence[JournalEntry], results: Sequence[JournalEntry] | None
) -> None:
    if run is None:
        sys.stdout.write("There is nothing to undo: ghostfix has repaired nothing here.\n")
    elif not any(entry.state is EntryState.PLANNED for entry in planned):
        sys.stdout.write(f"There is nothing left to undo in {run}.\n")
    else:
        _show(run, planned if results is None else results)


def _print_for_a_program(
    run: str | None, planned: Sequence[JournalEntry], results: Sequence[JournalEntry] | None
) -> None:
    sys.stdout.write(printed(undo_document(run, planned, results)))


def _list_for_a_program(runs: Sequence[RunSummary]) -> None:
    sys.stdout.write(printed(RunsDocument(runs=tuple(runs))))


def _last(runs: Sequence[RunSummary]) -> str | None:
    """The newest run that did something, or may have, whether or not that was undone since; else the newest.

    Not the newest of which something is left: a second `undo --yes` would take back an older repair, maybe
    another service's, which the user did not mean.
    """
    ran = (RunState.UNDONE, RunState.UNDO_INCOMPLETE, RunState.UNREADABLE)
    acted = [run.id for run in runs if run.done or run.state in ran]
    return acted[0] if acted else (runs[0].id if runs else None)


def _name_older(runs: Sequence[RunSummary], chosen: str | None) -> None:
    """What stands of older runs is taken back by name only."""
    older = next((run for run in runs if run.reversible and run.id != chosen), None)
    if older is not None:
        sys.stderr.write(
            f"ghostfix: an older repair stands, of {safe(older.service, 80)}; "
            f"`ghostfix undo {older.id}` takes it back.\n"
        )


def _list(runs: Sequence[RunSummary]) -> None:
    if not runs:
        sys.stdout.write("There are no runs: ghostfix has repaired nothing here.\n")
    for run in runs:
        what = safe(run.problem or "") or f"{run.done} of {run.steps} steps stand"
        name = safe(run.service, 80)
        sys.stdout.write(f"{run.id}  {when(run.started)}  {name:<20}  {run.state.value}: {what}\n")


def _show(run: str, entries: Sequence[JournalEntry]) -> None:
    sys.stdout.write(f"{run}, the last step first:\n")
    for entry in entries:
        sys.stdout.write(f"  {entry.n:>2}  {entry.state.value:<12}  {safe(entry.detail or entry.preview)}\n")
