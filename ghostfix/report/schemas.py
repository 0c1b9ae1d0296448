"""The JSON Schemas that ghostfix prints, by the name of the document."""

from ghostfix.report.profile_schema import profile_schema
from ghostfix.report.schema import report_schema


def json_schema(document: str) -> str:
    """The schema of ``report`` (what ``--format json`` prints) or of ``profile`` (``ghostfix.toml``)."""
    return profile_schema() if document == "profile" else report_schema()
