"""``ghostfix diagnose``: what is wrong with a service, and why; changes nothing."""

from typing import Annotated

import typer

from ghostfix.commands import (
    Config,
    DiagnosisFormat,
    Name,
    Only,
    Output,
    Quiet,
    ShowSecrets,
    Skip,
    Threshold,
    Verbose,
    subcommand,
)

app = subcommand()


@app.command()
def diagnose(
    name: Name = None,
    config: Config = None,
    format_: DiagnosisFormat = "terminal",
    output: Output = None,
    only: Only = None,
    skip: Skip = None,
    fail_on: Annotated[Threshold, typer.Option(help="What makes the exit code 1.")] = Threshold.ERROR,
    observe: Annotated[
        str | None, typer.Option(metavar="10s", help="Watch for so long who starts the service again.")
    ] = None,
    probe_webhook: Annotated[
        bool, typer.Option("--probe-webhook", help="Also send the webhook's payload.")
    ] = False,
    all_logs: Annotated[
        bool, typer.Option("--all-logs", help="Read the logs from their beginning, not just their end.")
    ] = False,
    wait_healthy: Annotated[
        str | None, typer.Option(metavar="60s", help="Give the service so long to become healthy.")
    ] = None,
    timeout: Annotated[
        str, typer.Option(metavar="30s", help="Judge by what has answered by then, and name what has not.")
    ] = "30s",
    save: Annotated[
        str | None,
        typer.Option("--save-snapshot", metavar="FILE", help="Save what was seen, without secrets."),
    ] = None,
    from_snapshot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Judge what was seen elsewhere, or earlier.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it for `ghostfix report` and `diff`.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Find what keeps a service from staying up. Changes nothing.

    Example: `ghostfix diagnose ghost-runner --format json`
    """
    from ghostfix.commands.diagnose.diagnose import DiagnoseOptions, diagnosed

    options = DiagnoseOptions(
        name=name,
        config=config,
        format=format_,
        output=output,
        only=only,
        skip=skip,
        fail_on=fail_on.value,
        observe=observe,
        probe_webhook=probe_webhook,
        all_logs=all_logs,
        wait_healthy=wait_healthy,
        timeout=timeout,
        save=save,
        from_snapshot=from_snapshot,
        keep=keep,
        quiet=quiet,
        verbose=verbose,
        show_secrets=show_secrets,
    )
    raise typer.Exit(diagnosed(options))
