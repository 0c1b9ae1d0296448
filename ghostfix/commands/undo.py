"""``ghostfix undo``: takes a repair back."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfix.journal import RunSummary
    from ghostfix.runs.story import Entry


def undo(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="The run; the last one when left out.", show_default=False),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", "-l", help="List the runs.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be taken back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take a repair back, the last step first; may be repeated safely.

    Example: `ghostfix undo --list`, and then `ghostfix undo 20261123-201530-a1b2`
    """
    from ghostfix import execute, journal
    from ghostfix.errors import ExitCode
    from ghostfix.presentation import ask
    from ghostfix.runs.story import EntryState
    from ghostfix.system import local_system

    system = local_system()
    runs = journal.runs(system)
    if list_:
        _list(runs)
        return
    chosen = run or _last(runs)
    if chosen is None:
        sys.stdout.write("There is nothing to undo: ghostfix has repaired nothing here.\n")
        return
    planned = execute.would_undo(system, chosen)
    if not any(entry.state is EntryState.PLANNED for entry in planned):
        sys.stdout.write(f"There is nothing left to undo in {chosen}.\n")
        return
    _show(chosen, planned)
    if dry_run:
        return
    if not yes:
        answer = ask("Take these steps back? [y/N] ") if sys.stdin.isatty() else None
        if answer is None or answer.lower() not in ("y", "yes"):
            sys.stderr.write("ghostfix: nothing was undone; `ghostfix undo --yes` does not ask.\n")
            raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    results = execute.undo(system, chosen)
    sys.stdout.write("\n")
    _show(chosen, results)
    if any(entry.state is EntryState.UNDO_FAILED for entry in results):
        sys.stderr.write(f"ghostfix: not everything could be undone; `ghostfix undo {chosen}` tries again.\n")
        raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)


def _last(runs: "Sequence[RunSummary]") -> str | None:
    """The newest run of which something is left to undo; else the newest."""
    standing = [run.id for run in runs if run.done]
    return standing[0] if standing else (runs[0].id if runs else None)


def _list(runs: "Sequence[RunSummary]") -> None:
    from ghostfix.telling import when
    from ghostfix.untrusted import shown

    if not runs:
        sys.stdout.write("There are no runs: ghostfix has repaired nothing here.\n")
    for run in runs:
        what = shown(run.problem or "") or f"{run.done} of {run.steps} steps stand"
        name = shown(run.service, 80)
        sys.stdout.write(f"{run.id}  {when(run.started)}  {name:<20}  {run.state.value}: {what}\n")


def _show(run: str, entries: "Sequence[Entry]") -> None:
    from ghostfix.untrusted import shown

    sys.stdout.write(f"{run}, the last step first:\n")
    for entry in entries:
        sys.stdout.write(f"  {entry.n:>2}  {entry.state.value:<12}  {shown(entry.detail or entry.preview)}\n")
