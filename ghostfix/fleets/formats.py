"""The formats of a fleet's report: a name for each, and what renders it."""

from collections.abc import Callable, Mapping

from ghostfix.fleet import FleetReport
from ghostfix.fleets import html, json, junit, terminal
from ghostfix.pages.layout import Layout

FORMATS: Mapping[str, Callable[[FleetReport, Layout], str]] = {
    "terminal": terminal.render,
    "json": json.render,
    "html": html.render,
    "junit": junit.render,
}
