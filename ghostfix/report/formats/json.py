"""JSON: the Report as it is, one document, for other programs."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ghostfix.model.report import Report
from ghostfix.report.output_options import Layout

SEVERAL_SCHEMA = "ghostfix.reports/1"


class Reports(Struct, frozen=True):
    """Several services' reports in one document."""

    schema: str
    reports: tuple[Report, ...]


def render(report: Report, layout: Layout | None = None) -> str:  # noqa: ARG001 -- JSON has no layout
    """One report as a JSON document with a line end."""
    return _document(report)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:  # noqa: ARG001 -- as above
    """Several reports as one JSON document with a line end."""
    return _document(Reports(SEVERAL_SCHEMA, tuple(reports)))


def _document(value: Report | Reports) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
