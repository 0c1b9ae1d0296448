"""``ghostfix watch``: watches a service, prints every change of it at once, and ends with a verdict."""

from typing import Annotated

import typer

from ghostfix.commands import Config, Name, subcommand

app = subcommand()


@app.command()
def watch(
    name: Name = None,
    config: Config = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="10m", help="How long; else until Ctrl-C.")
    ] = None,
    interval: Annotated[
        str, typer.Option(metavar="1s", help="How often it is measured. No restart between is missed.")
    ] = "1s",
    format_: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORMAT", help="terminal, lines (when piped) or jsonl."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Keep OpenMetrics there, for node_exporter (*.prom)."),
    ] = None,
) -> None:
    """Watch a service: who runs, who starts it again and when, what it uses. Changes nothing.

    Ends after --for, or with Ctrl-C, with a verdict: exit code 0 when it held, 1 when not.

    Example: `ghostfix watch web --for 10m`
    """
    from ghostfix.commands.watch.asked import AskedWatch, watch_as_asked

    asked = AskedWatch(
        name=name, config=config, length=for_, interval=interval, format=format_, metrics=metrics
    )
    raise typer.Exit(watch_as_asked(asked))
