"""``ghostfix report``: the report of a past repair or of a kept diagnosis, again, in any format."""

import sys
from typing import Annotated

import typer

from ghostfix.commands import Format, Output, Quiet, Verbose, subcommand

app = subcommand()


@app.command()
def report(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            help="A repair or a kept diagnosis; the last one when left out.",
            show_default=False,
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show which there are.")] = False,
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the report of a past repair, or of a diagnosis that was kept, again.

    Example: `ghostfix report --format markdown --output ticket.md`
    """
    from ghostfix.commands.machine import local_system
    from ghostfix.model.errors import RepairError
    from ghostfix.repair import journal
    from ghostfix.report import saved_reports
    from ghostfix.report.output import Presentation

    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose)
    system = local_system()
    if list_:
        for one in sorted((*(r.id for r in journal.runs(system)), *saved_reports.kept_diagnoses(system))):
            sys.stdout.write(f"{one}\n")
        return
    chosen = saved_reports.newest(system) if run is None else run
    if chosen is None:
        raise RepairError(
            "there is no repair and no kept diagnosis", "`ghostfix diagnose` looks at a service now"
        )
    kept = saved_reports.kept_report(system, chosen)
    presentation.show((kept,), system)
    raise typer.Exit(kept.exit_code)
