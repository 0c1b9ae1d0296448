"""A diagnosis as it is asked for: the survey, what is saved of it, and the report that is printed."""

import sys

from msgspec import Struct

from ghostfix.commands import machine, seconds
from ghostfix.commands.diagnoses import DiagnosisOptions, diagnoses
from ghostfix.commands.nagios_plugin import mistakes_unknown
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.errors import ProfileError
from ghostfix.model.finding import Severity
from ghostfix.report import saved_reports
from ghostfix.report.formats import DIAGNOSIS_FORMATS
from ghostfix.report.output import Presentation
from ghostfix.report.reports import diagnosis_report
from ghostfix.survey.snapshot_file import SavedLook, save_snapshot


class DiagnoseOptions(Struct, frozen=True, kw_only=True):
    """What the command line says, as it was typed."""

    name: str | None
    config: str | None
    format: str
    output: str | None
    only: str | None
    skip: str | None
    fail_on: str
    observe: str | None
    probe_webhook: bool
    all_logs: bool
    wait_healthy: str | None
    timeout: str
    save: str | None
    from_snapshot: str | None
    keep: bool
    quiet: bool
    verbose: bool
    show_secrets: bool


def diagnosed(options: DiagnoseOptions) -> int:
    """Surveys once or for a while, and prints the report of each service; the exit code of the worst."""
    with mistakes_unknown(options.format):
        return _diagnosed(options)


def _diagnosed(options: DiagnoseOptions) -> int:
    known = tuple(check.code for check in CHECKS)
    presentation = Presentation.of(
        options.format,
        options.output,
        quiet=options.quiet,
        verbose=options.verbose,
        reveal=options.show_secrets,
        formats=DIAGNOSIS_FORMATS,
    )
    elsewhere = options.from_snapshot is not None
    if elsewhere and (
        options.config
        or options.observe
        or options.wait_healthy
        or options.probe_webhook
        or options.all_logs
        or options.save
    ):
        raise ProfileError("--from-snapshot looks at no machine, so it goes with no option of a look")
    system = machine.local_system()
    wishes = DiagnosisOptions(
        name=options.name,
        config=options.config,
        only=codes(options.only, known),
        skip=codes(options.skip, known),
        fail_on=Severity(options.fail_on),
        observe=None if options.observe is None else seconds(options.observe, "--observe"),
        wait_healthy=0.0 if options.wait_healthy is None else seconds(options.wait_healthy, "--wait-healthy"),
        probe_webhook=options.probe_webhook,
        all_logs=options.all_logs,
        timeout=seconds(options.timeout, "--timeout"),
        snapshot=options.from_snapshot,
    )
    found = list(diagnoses(system, wishes, presentation))
    if options.save is not None:
        save_snapshot(system, options.save, [SavedLook(one.service, one.snapshot) for one in found])
    reports = [
        diagnosis_report(
            None if elsewhere else system,
            diagnosis,
            fail_on=wishes.fail_on,
            reveal=options.show_secrets,
        )
        for diagnosis in found
    ]
    presentation.show(reports, system)
    for report in reports if options.keep else ():
        sys.stderr.write(f"ghostfix: kept as {saved_reports.keep_diagnosis(system, report)}\n")
    return presentation.exit_code(reports)
