"""JSON: the FleetReport as it is, one document, for other programs."""

import msgspec

from ghostfix.model.fleet import FleetReport
from ghostfix.report.output_options import Layout


def render(fleet: FleetReport, layout: Layout | None = None) -> str:  # noqa: ARG001 -- JSON has no layout
    """The fleet as a JSON document with a line end."""
    return msgspec.json.format(msgspec.json.encode(fleet), indent=2).decode() + "\n"
