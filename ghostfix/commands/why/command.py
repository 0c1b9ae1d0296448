"""``ghostfix why``: what started a process, and what keeps it alive; changes nothing."""

import os
import sys
from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()


@app.command()
def why(
    target: Annotated[
        str,
        typer.Argument(
            metavar="PID|:PORT|NAME",
            help="A process by its number, by a port on which it listens, or by its name or its service's.",
            show_default=False,
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON document (docs/why.md).")] = False,
    tree: Annotated[bool, typer.Option("--tree", "-t", help="Everything that it started, too.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Ask every manager of the machine; more facts.")
    ] = False,
) -> None:
    """Say what started a process, what keeps it alive, and what is to be known of it.

    With `--verbose` every manager of the machine is asked, not only those to which the evidence points.

    Example: `ghostfix why :5555`
    """
    from ghostfix.commands.machine import local_system
    from ghostfix.commands.why.why import why as explanation
    from ghostfix.survey.target import AmbiguousError

    try:
        answer = explanation(local_system(), target, tree=tree, thorough=verbose)
    except AmbiguousError as error:
        sys.stderr.write("".join(f"{choice}\n" for choice in error.choices))
        raise
    if json:
        from msgspec.json import encode

        sys.stdout.write(encode(answer).decode() + "\n")
        return
    from ghostfix.commands.why.text import text_of
    from ghostfix.report.standard_output import write

    text = text_of(answer, width=_width(), verbose=verbose, tree=tree)
    write(text)


def _width() -> int:
    """The terminal's columns; a pipe gets whole lines."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal():
        return int(given)
    if not sys.stdout.isatty():
        return 1000
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80
