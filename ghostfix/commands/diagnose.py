"""``ghostfix diagnose``: what is wrong with a service, and why; only looks."""

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
    Threshold,
    Verbose,
)


def diagnose(
    name: Name = None,
    config: Config = None,
    format_: Format = "terminal",
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
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Find what keeps a service from staying up. Changes nothing.

    Example: `ghostfix diagnose ghost-runner --format json`
    """
    from ghostfix import pipeline, profile
    from ghostfix.checks import CHECKS
    from ghostfix.commands import codes, seconds
    from ghostfix.errors import worst
    from ghostfix.finding import Severity
    from ghostfix.observation import observe as watch
    from ghostfix.presence import require_presence
    from ghostfix.presentation import Presentation
    from ghostfix.system import local_system
    from ghostfix.telling import diagnosis_report

    known = tuple(check.code for check in CHECKS)
    chosen, left_out = codes(only, known), codes(skip, known)
    watch_for = None if observe is None else seconds(observe, "--observe")
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    system = local_system()
    reports = []
    for service in profile.load(system, name, config):
        observation = None
        if watch_for is not None:
            with presentation.watching(watch_for) as watched:
                observation = watch(system, service, watch_for, progress=watched)
        with presentation.looking(service.name) as progress:
            diagnosis = pipeline.diagnose(
                system,
                service,
                only=chosen,
                skip=left_out,
                prober=system if probe_webhook else None,
                all_logs=all_logs,
                progress=progress,
            )
        require_presence(diagnosis)
        reports.append(
            diagnosis_report(
                system,
                diagnosis,
                fail_on=Severity(fail_on.value),
                observation=observation,
                reveal=show_secrets,
            )
        )
    presentation.show(reports, system)
    raise typer.Exit(worst(report.exit_code for report in reports))
