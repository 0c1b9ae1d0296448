"""A report of the past: which one is meant, and showing it again."""

import sys

from ghostfix.commands import machine
from ghostfix.model.errors import RepairError
from ghostfix.repair import journal
from ghostfix.report import saved_reports
from ghostfix.report.output import Presentation


def shown(
    run: str | None, *, only_list: bool, format_: str, output: str | None, quiet: bool, verbose: bool
) -> int:
    """Shows the report of a run or of a kept diagnosis, of the last one without ``run``; its exit code."""
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose)
    system = machine.local_system()
    if only_list:
        for one in sorted((*(r.id for r in journal.runs(system)), *saved_reports.kept_diagnoses(system))):
            sys.stdout.write(f"{one}\n")
        return 0
    chosen = saved_reports.newest(system) if run is None else run
    if chosen is None:
        raise RepairError(
            "there is no repair and no kept diagnosis", "`ghostfix diagnose` looks at a service now"
        )
    kept = saved_reports.kept_report(system, chosen)
    presentation.show((kept,), system)
    return kept.exit_code
