"""``ghostfix diagnose``: what is wrong with a service, and why; changes nothing."""

import sys
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
    subcommand,
)

app = subcommand()


@app.command()
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
    from ghostfix.commands import seconds
    from ghostfix.commands.diagnoses import DiagnosisOptions, diagnoses
    from ghostfix.commands.machine import local_system
    from ghostfix.diagnosis.check_selection import codes
    from ghostfix.diagnosis.checks import CHECKS
    from ghostfix.model.errors import ProfileError, worst
    from ghostfix.model.finding import Severity
    from ghostfix.report import saved_reports
    from ghostfix.report.output import Presentation
    from ghostfix.report.reports import diagnosis_report
    from ghostfix.survey.snapshot_file import SavedLook, save_snapshot

    known = tuple(check.code for check in CHECKS)
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    elsewhere = from_snapshot is not None
    if elsewhere and (config or observe or wait_healthy or probe_webhook or all_logs or save):
        raise ProfileError("--from-snapshot looks at no machine, so it goes with no option of a look")
    system = local_system()
    options = DiagnosisOptions(
        name=name,
        config=config,
        only=codes(only, known),
        skip=codes(skip, known),
        fail_on=Severity(fail_on.value),
        observe=None if observe is None else seconds(observe, "--observe"),
        wait_healthy=0.0 if wait_healthy is None else seconds(wait_healthy, "--wait-healthy"),
        probe_webhook=probe_webhook,
        all_logs=all_logs,
        timeout=seconds(timeout, "--timeout"),
        snapshot=from_snapshot,
    )
    found = list(diagnoses(system, options, presentation))
    if save is not None:
        save_snapshot(system, save, [SavedLook(one.service, one.snapshot) for one in found])
    reports = [
        diagnosis_report(
            None if elsewhere else system,
            diagnosis,
            fail_on=options.fail_on,
            reveal=show_secrets,
        )
        for diagnosis in found
    ]
    presentation.show(reports, system)
    for report in reports if keep else ():
        sys.stderr.write(f"ghostfix: kept as {saved_reports.keep_diagnosis(system, report)}\n")
    raise typer.Exit(worst(report.exit_code for report in reports))
