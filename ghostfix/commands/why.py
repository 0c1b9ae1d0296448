"""``ghostfix why``: what started a process, and what keeps it alive; only looks."""

from typing import Annotated

import typer


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
    from ghostfix.plain_why import tell
    from ghostfix.system import local_system

    tell(local_system(), target, json=json, tree=tree, verbose=verbose)
