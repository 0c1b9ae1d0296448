"""``ghostfix schema``: the JSON Schema of the reports."""

import sys

from ghostfix.commands import subcommand

app = subcommand()


@app.command()
def schema() -> None:
    """Print the JSON Schema of what `--format json` prints.

    Example: `ghostfix schema > report.schema.json`
    """
    from ghostfix.report_schema import report_schema

    sys.stdout.write(report_schema())
