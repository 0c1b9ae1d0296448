"""``ghostfix diff``: what is new, gone and unchanged between two diagnoses."""

from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()

_WHICH = "A file that `--format json` made, or the id of a repair or of a kept diagnosis."


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=_WHICH, show_default=False)],
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="One JSON document: new, gone, unchanged.")] = False,
) -> None:
    """Say which findings of two diagnoses are new, gone or unchanged; exit code 1 when they differ.

    Example: `ghostfix diff before.json after.json`
    """
    from ghostfix.commands.differences import print_differences

    raise typer.Exit(print_differences(before, after, as_json=json))
