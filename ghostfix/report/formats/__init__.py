"""The formats of a report: a name for each, and what renders it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ghostfix.model.report import Report
from ghostfix.report.output_options import Layout


@dataclass(frozen=True)
class Renderer:
    """One format: ``render`` for one report, ``render_all`` for several in one document."""

    render: Callable[[Report, Layout], str]
    render_all: Callable[[Sequence[Report], Layout], str]
    summary: Callable[[Sequence[Report], Layout], str] | None = None
    """What belongs into a workflow's step summary, besides."""
    exit_code: Callable[[Sequence[Report]], int] | None = None
    """The exit code that its readers expect, where that is not the reports' own."""


FORMATS = ("terminal", "json", "markdown", "html", "junit", "github")
"""The formats of any report."""
DIAGNOSIS_FORMATS = (*FORMATS, "nagios", "openmetrics")
"""Those of a diagnosis: monitoring asks how a service is, not what was done to it."""


def renderer(name: str) -> Renderer:
    """The renderer of one of the ``DIAGNOSIS_FORMATS``; only its modules are loaded: some are slow."""
    match name:
        case "json":
            from ghostfix.report.formats import json

            return Renderer(json.render, json.render_all)
        case "markdown":
            from ghostfix.report.formats import markdown

            return Renderer(markdown.render, markdown.render_all)
        case "html":
            from ghostfix.report.formats import html

            return Renderer(html.render, html.render_all)
        case "junit":
            from ghostfix.report.formats import junit

            return Renderer(junit.render, junit.render_all)
        case "github":
            from ghostfix.report.formats import github, markdown

            return Renderer(github.render, github.render_all, summary=markdown.render_all)
        case "nagios":
            from ghostfix.report.formats import nagios

            return Renderer(nagios.render, nagios.render_all, exit_code=nagios.exit_code)
        case "openmetrics":
            from ghostfix.report.formats import openmetrics

            return Renderer(openmetrics.render, openmetrics.render_all)
        case _:
            from ghostfix.report.formats import terminal

            return Renderer(terminal.render, terminal.render_all)
