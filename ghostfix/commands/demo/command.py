"""``ghostfix demo``: a real broken service in a sandbox folder, found and repaired."""

from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the folder and the repaired service.")] = False,
    hold_for: Annotated[str, typer.Option(metavar="5s", help="How long to watch it hold.")] = "5s",
) -> None:
    """Break a service of its own in a sandbox folder, find out why, repair it, and clean up.

    The processes are real, and so is the port; nothing else of the machine is touched.

    Example: `ghostfix demo`
    """
    from ghostfix.commands.demo.story import play

    raise typer.Exit(play(keep=keep, hold_for=hold_for))
