"""``ghostfix init``: writes a profile from a service that runs and is well."""

from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()


@app.command()
def init(
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="PID|:PORT", help="The running service to describe."),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to; `-` is standard output.")
    ] = "ghostfix.toml",
) -> None:
    """Write a profile from a service that runs and is well. Nothing that exists is overwritten.

    Example: `ghostfix init --from :5555`
    """
    from ghostfix.commands.init.written_profile import write_profile

    write_profile(from_, output)
