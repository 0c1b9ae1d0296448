"""The formats of a fleet's report: a name for each, and what renders it."""

from collections.abc import Callable, Mapping

from ghostfix.commands.fleet import html, json, junit, nagios, openmetrics, terminal
from ghostfix.model.fleet import FleetReport
from ghostfix.report.output_options import Layout

FORMATS: Mapping[str, Callable[[FleetReport, Layout], str]] = {
    "terminal": terminal.render,
    "json": json.render,
    "html": html.render,
    "junit": junit.render,
}
DIAGNOSIS_FORMATS: Mapping[str, Callable[[FleetReport, Layout], str]] = {
    **FORMATS,
    "nagios": nagios.render,
    "openmetrics": openmetrics.render,
}
"""Those of a diagnosis: monitoring asks how a fleet is, not what was done to it."""


def exit_code(format_: str, fleet: FleetReport) -> int:
    """The fleet's own, or what the format's readers expect."""
    return nagios.exit_code(fleet) if format_ == "nagios" else fleet.exit_code
