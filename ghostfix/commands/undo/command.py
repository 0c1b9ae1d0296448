"""``ghostfix undo``: takes a repair back."""

from enum import StrEnum
from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()


class UndoFormat(StrEnum):
    """How an undo, or the list of runs, is printed."""

    TERMINAL = "terminal"
    JSON = "json"


@app.command()
def undo(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="The run; the last one that did something when left out.", show_default=False
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", "-l", help="List the runs.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be taken back.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    format_: Annotated[
        UndoFormat, typer.Option("--format", "-f", help="For a person, or for a program.")
    ] = UndoFormat.TERMINAL,
) -> None:
    """Take a repair back, the last step first; may be repeated safely.

    Example: `ghostfix undo --list`, and then `ghostfix undo 20261123-201530-a1b2`
    """
    from ghostfix.commands.undo.undo import undo_run

    as_json = format_ is UndoFormat.JSON
    raise typer.Exit(undo_run(run, only_list=list_, dry_run=dry_run, yes=yes, as_json=as_json))
