"""``ghostfix mcp``: a Model Context Protocol server, by which an assistant asks ghostfix."""

from typing import Annotated

import typer

from ghostfix.commands import Config, subcommand

app = subcommand()


@app.command()
def mcp(
    config: Config = None,
    allow_repair: Annotated[
        bool, typer.Option("--allow-repair", help="Let the assistant carry out a plan that it was shown.")
    ] = False,
) -> None:
    """Serve an assistant over the Model Context Protocol, on standard input and output.

    Its tools only look. With `--allow-repair` there is one more, which carries out a plan by the token that
    came with it.

    Example: `ghostfix mcp --config /etc/ghostfix/ghostfix.toml`
    """
    from ghostfix.commands.mcp.server import serve_standard_streams

    serve_standard_streams(config, allow_repair=allow_repair)
