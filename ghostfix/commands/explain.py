"""``ghostfix explain``: what a check finds, why it matters, and how it is repaired."""

import sys
from typing import Annotated

import typer

from ghostfix.commands import check_codes, subcommand
from ghostfix.diagnosis.check_selection import codes

app = subcommand()


@app.command()
def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="A check's code.", show_default=False, autocompletion=check_codes
        ),
    ] = None,
) -> None:
    """Explain a check; without a code, list them all.

    Example: `ghostfix explain stale-pidfile`
    """
    from ghostfix.diagnosis.checks import CHECKS

    known = tuple(check.code for check in CHECKS)
    chosen = codes(code, known)
    if not chosen:
        width = max(len(name) for name in known)
        for check in CHECKS:
            sys.stdout.write(f"{check.code:<{width}}  {check.title}\n")
        return
    for check in CHECKS:
        if check.code in chosen:
            sys.stdout.write(f"{check.code} ({check.severity.value})\n\n{check.page.strip()}\n")
