"""The JSON Schema of what ``--format json`` prints: one report, or several in one document."""

import msgspec

from ghostfix.renderers.json import Reports
from ghostfix.report import Report

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def report_schema() -> str:
    """The schema as a JSON document with a line end, made from the records themselves."""
    references, definitions = msgspec.json.schema_components((Report, Reports), ref_template="#/$defs/{name}")
    document = {
        "$schema": _DIALECT,
        "title": "ghostfix report",
        "description": "What `ghostfix diagnose --format json` prints. Keys are only ever added.",
        "anyOf": list(references),
        "$defs": definitions,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
