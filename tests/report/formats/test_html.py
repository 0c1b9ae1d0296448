import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from ghostfix.model.report import Report
from ghostfix.report.formats import html
from ghostfix.report.markup import Markup, element
from tests.report.formats import SITUATIONS
from tests.report.formats.browser import visit

HOSTILE = "</title></style><script>document.title='taken'</script><img src=x onerror=alert(1)>\"'&"
_EMPTY = ("meta", "br")


class _Reader(HTMLParser):
    """Collects tags and text; fails on a tag that is closed by another one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += f"{data} "


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def renamed(report: Report, name: str) -> Report:
    """The report with this text wherever the service's name, a file or a command stood."""
    text = msgspec.json.encode(report).decode()
    quoted = msgspec.json.encode(name).decode()[1:-1]
    for word in ("ghost-runner", "/opt/ghost", "gpt_cursor_runner.main", "alice:7", "TypeError"):
        text = text.replace(word, quoted)
    return msgspec.json.decode(text, type=Report)


@pytest.mark.parametrize("name", SITUATIONS)
def test_is_well_formed_and_needs_nothing_but_itself(name: str) -> None:
    text = html.render(SITUATIONS[name])
    assert "script" not in read(text).tags
    assert re.search(r"\s(src|href)=|url\(|@import", text) is None


@pytest.mark.parametrize("name", SITUATIONS)
def test_tells_every_finding_every_step_and_the_exit_code(name: str) -> None:
    report = SITUATIONS[name]
    told = read(html.render(report)).text
    wanted = [finding.summary for result in report.results for finding in result.findings]
    wanted += [one.text for r in report.results for finding in r.findings for one in finding.evidence]
    wanted += [step.preview for step in (report.plan.steps if report.plan else ())]
    wanted += [result.reason or "" for result in report.results if result.unread]
    wanted += [f"exit code {report.exit_code}", report.verdict.value]
    assert [text for text in wanted if text not in told] == []


def test_several_reports_are_one_document() -> None:
    text = html.render_all(tuple(SITUATIONS.values()))
    assert text.count("<article>") == len(SITUATIONS)
    assert text.count("<!DOCTYPE") == 1
    read(text)


def test_text_from_the_machine_stays_text() -> None:
    reader = read(html.render(renamed(SITUATIONS["half_repaired"], HOSTILE)))
    assert reader.tags & {"script", "img"} == set()
    assert HOSTILE in reader.text


def test_an_element_takes_only_markup_as_markup() -> None:
    made = element("p", "<b>", Markup("<i></i>"), stroke_width=1.25, class_='"')
    assert made == '<p stroke-width="1.2" class="&quot;">&lt;b&gt;<i></i></p>'


@pytest.mark.real
def test_in_a_browser_nothing_overflows_and_nothing_is_complained_about(tmp_path: Path) -> None:
    pages = {name: html.render(report) for name, report in SITUATIONS.items()}
    pages["hostile"] = html.render(renamed(SITUATIONS["half_repaired"], HOSTILE))
    pages["long"] = html.render(renamed(SITUATIONS["half_repaired"], "long" * 100))
    seen = visit(tmp_path, pages, (400, 1400))
    assert seen.console == ()
    assert len(seen.pages) == 2 * len(pages)
    assert [page for page in seen.pages if page.scroll > page.width or page.scripts] == []
    pictures = {page.name: page.pictures for page in seen.pages}
    assert (pictures["incident.400"], pictures["incident.1400"]) == (2, 2)
