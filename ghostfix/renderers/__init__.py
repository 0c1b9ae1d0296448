"""The formats of a report: a name for each, and what renders it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ghostfix.pages.layout import Layout
from ghostfix.renderers import github, html, json, junit, markdown, terminal
from ghostfix.report import Report


@dataclass(frozen=True)
class Renderer:
    """One format: ``render`` for one report, ``render_all`` for several in one document."""

    render: Callable[[Report, Layout], str]
    render_all: Callable[[Sequence[Report], Layout], str]
    summary: Callable[[Sequence[Report], Layout], str] | None = None
    """What belongs into a workflow's step summary, besides."""


FORMATS: Mapping[str, Renderer] = {
    "terminal": Renderer(terminal.render, terminal.render_all),
    "json": Renderer(json.render, json.render_all),
    "markdown": Renderer(markdown.render, markdown.render_all),
    "html": Renderer(html.render, html.render_all),
    "junit": Renderer(junit.render, junit.render_all),
    "github": Renderer(github.render, github.render_all, summary=markdown.render_all),
}
