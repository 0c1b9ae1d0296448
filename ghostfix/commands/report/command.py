"""``ghostfix report``: the report of a past repair or of a kept diagnosis, again, in any format."""

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
    from ghostfix.commands.report.report import shown

    raise typer.Exit(
        shown(run, only_list=list_, format_=format_, output=output, quiet=quiet, verbose=verbose)
    )
