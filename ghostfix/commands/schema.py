"""``ghostfix schema``: the JSON Schema of the reports, and of the profile."""

import sys
from enum import Enum
from typing import Annotated

import typer

from ghostfix.commands import subcommand

app = subcommand()


class Document(Enum):
    """What a schema is of."""

    REPORT = "report"
    PROFILE = "profile"


@app.command()
def schema(
    document: Annotated[
        Document, typer.Argument(help="What `--format json` prints, or `ghostfix.toml`.")
    ] = Document.REPORT,
) -> None:
    """Print the JSON Schema of what `--format json` prints, or of the profile.

    Example: `ghostfix schema profile > ghostfix.schema.json`
    """
    from ghostfix.report.schemas import json_schema

    sys.stdout.write(json_schema(document.value))
