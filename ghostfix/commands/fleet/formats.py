"""The formats of a fleet's report: a name for each, and what renders it."""

from collections.abc import Callable, Mapping

from ghostfix.commands.fleet import html, json, junit, terminal
from ghostfix.model.fleet import FleetReport
from ghostfix.report.output_options import Layout

FORMATS: Mapping[str, Callable[[FleetReport, Layout], str]] = {
    "terminal": terminal.render,
    "json": json.render,
    "html": html.render,
    "junit": junit.render,
}
