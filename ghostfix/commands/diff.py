"""``ghostfix diff``: what is new, gone and unchanged between two diagnoses."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.commands import subcommand
from ghostfix.model.errors import ExitCode
from ghostfix.report.standard_output import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfix.report.comparison import FindingChange

app = subcommand()

_WHICH = "A file that `--format json` made, or the id of a repair or of a kept diagnosis."


@app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=_WHICH, show_default=False)],
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="One JSON document: new, gone, unchanged.")] = False,
) -> None:
    """Say which findings of two diagnoses are new, gone or unchanged; exit code 1 when they differ.

    Example: `ghostfix diff before.json after.json`
    """
    from ghostfix.commands.machine import local_system
    from ghostfix.report.comparison import compare
    from ghostfix.report.saved_reports import reports

    system = local_system()
    comparison = compare(reports(system, before), reports(system, after))
    if json:
        from msgspec.json import encode

        sys.stdout.write(encode(comparison).decode() + "\n")
    else:
        _print_changes("new", "+", comparison.new)
        _print_changes("gone", "-", comparison.gone)
        _print_changes("unchanged", "=", comparison.unchanged)
    raise typer.Exit(ExitCode.HEALTHY if comparison.same else ExitCode.FINDINGS)


def _print_changes(title: str, mark: str, changes: "Sequence[FindingChange]") -> None:
    sys.stdout.write(f"{title}: {len(changes)}\n")
    for change in changes:
        line = f"  {mark} {change.service}: {change.finding.summary} ({change.finding.code})\n"
        write(line)
