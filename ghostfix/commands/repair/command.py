"""``ghostfix repair``: does what the diagnosis asks for, in an order that holds, and watches it hold."""

from typing import Annotated

import typer

from ghostfix.commands import (
    Config,
    Format,
    Name,
    Only,
    Output,
    Quiet,
    ShowSecrets,
    Skip,
    Verbose,
    subcommand,
)

app = subcommand()


@app.command()
def repair(
    name: Name = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    step: Annotated[bool, typer.Option("--step", help="Ask before each step.")] = False,
    only: Only = None,
    skip: Skip = None,
    no_start: Annotated[bool, typer.Option("--no-start", help="Leave the service stopped.")] = False,
    evict: Annotated[
        bool, typer.Option("--evict", help="Also stop strangers that hold the service's ports.")
    ] = False,
    hold_for: Annotated[str, typer.Option(metavar="30s", help="How long to watch the repair hold.")] = "30s",
    rollback_on_failure: Annotated[
        bool, typer.Option("--rollback-on-failure", help="Undo the repair when it does not hold.")
    ] = False,
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Bring a service back, safely: every step is shown first, journaled, and can be undone.

    Example: `ghostfix repair --dry-run`, and then `ghostfix repair`
    """
    from ghostfix.commands.repair.repair import RepairOptions, repaired

    options = RepairOptions(
        name=name,
        config=config,
        dry_run=dry_run,
        yes=yes,
        step=step,
        only=only,
        skip=skip,
        no_start=no_start,
        evict=evict,
        hold_for=hold_for,
        rollback_on_failure=rollback_on_failure,
        format=format_,
        output=output,
        quiet=quiet,
        verbose=verbose,
        show_secrets=show_secrets,
    )
    raise typer.Exit(repaired(options))
