"""``ghostfix report``: the report of a past repair, again, in any format."""

from typing import Annotated

import typer

from ghostfix.commands import Format, Output, Quiet, Verbose


def report(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="The run; the last one when left out.", show_default=False),
    ] = None,
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the report of a past repair again.

    Example: `ghostfix report --format markdown --output ticket.md`
    """
    from ghostfix import archive, journal
    from ghostfix.errors import RepairError
    from ghostfix.presentation import Presentation
    from ghostfix.system import local_system

    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose)
    system = local_system()
    runs = journal.runs(system)
    chosen = run or (runs[0].id if runs else None)
    if chosen is None:
        raise RepairError("there is no repair to report on", "`ghostfix diagnose` looks at a service now")
    kept = archive.kept_report(system, chosen)
    presentation.show((kept,), system)
    raise typer.Exit(kept.exit_code)
