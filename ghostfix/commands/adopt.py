"""``ghostfix adopt``: gives a service to one manager for good, everything else held."""

from enum import StrEnum
from typing import Annotated

import typer

from ghostfix.commands import Config, Format, Name, Output, Quiet, ShowSecrets, Verbose, subcommand
from ghostfix.managers.register import ADOPTIONS

app = subcommand()

Manager = StrEnum(  # type: ignore[misc]  # (mypy knows the members of literals only)
    "Manager", [(adoption.kind, adoption.kind) for adoption in ADOPTIONS]
)
"""The managers that ``--with`` takes: those that can be given a service, by their rows."""


@app.command()
def adopt(
    with_: Annotated[
        Manager,
        typer.Option(
            "--with",
            metavar="MANAGER",
            help=f"{', '.join(Manager)}.",
            show_default=False,
        ),
    ],
    name: Name = None,
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the plan and the job, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    keep_profile: Annotated[
        bool, typer.Option("--keep-profile", help="Do not write the manager into the profile.")
    ] = False,
    evict: Annotated[
        bool, typer.Option("--evict", help="Also stop strangers that hold the service's ports.")
    ] = False,
    hold_for: Annotated[str, typer.Option(metavar="30s", help="How long to watch it hold.")] = "30s",
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Give a service to one manager for good: the right job is written, all other restarters are held.

    The job is shown first; `ghostfix undo` takes it away again without a trace.

    Example: `ghostfix adopt web --with systemd --dry-run`
    """
    from ghostfix.commands.adoption import AdoptOptions, adopted

    options = AdoptOptions(
        manager=with_.value,
        name=name,
        config=config,
        dry_run=dry_run,
        yes=yes,
        keep_profile=keep_profile,
        evict=evict,
        hold_for=hold_for,
        format=format_,
        output=output,
        quiet=quiet,
        verbose=verbose,
        show_secrets=show_secrets,
    )
    raise typer.Exit(adopted(options))
