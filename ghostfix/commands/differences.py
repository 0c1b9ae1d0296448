"""The differences between two diagnoses, read, compared and printed."""

import sys
from collections.abc import Sequence

from msgspec.json import encode

from ghostfix.commands import machine
from ghostfix.model.errors import ExitCode
from ghostfix.report.comparison import FindingChange, compare
from ghostfix.report.saved_reports import reports
from ghostfix.report.standard_output import write


def print_differences(before: str, after: str, *, as_json: bool) -> ExitCode:
    """Prints what is new, gone and unchanged; the exit code says whether anything is."""
    system = machine.local_system()
    comparison = compare(reports(system, before), reports(system, after))
    if as_json:
        sys.stdout.write(encode(comparison).decode() + "\n")
    else:
        _print_changes("new", "+", comparison.new)
        _print_changes("gone", "-", comparison.gone)
        _print_changes("unchanged", "=", comparison.unchanged)
    return ExitCode.HEALTHY if comparison.same else ExitCode.FINDINGS


def _print_changes(title: str, mark: str, changes: Sequence[FindingChange]) -> None:
    sys.stdout.write(f"{title}: {len(changes)}\n")
    for change in changes:
        line = f"  {mark} {change.service}: {change.finding.summary} ({change.finding.code})\n"
        write(line)
