"""The JSON Schema of what ``--format json`` prints: one report, several in one document, or a fleet's."""

import msgspec

from ghostfix.model.fleet import FleetReport
from ghostfix.model.report import Report
from ghostfix.report.formats.json import Reports

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def report_schema() -> str:
    """The schema as a JSON document with a line end, made from the records themselves."""
    references, definitions = msgspec.json.schema_components(
        (Report, Reports, FleetReport), ref_template="#/$defs/{name}"
    )
    document = {
        "$schema": DIALECT,
        "title": "ghostfix report",
        "description": "What `--format json` prints, for one machine or a fleet. Keys are only ever added.",
        "anyOf": list(references),
        "$defs": definitions,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
