import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ghostfix.model.report import EvidenceReport, Report, SubjectReport
from ghostfix.report.formats import markdown
from ghostfix.report.formats.markdown import code, escaped
from ghostfix.report.output_options import Layout
from tests import sample_reports as samples
from tests.report.formats import SITUATIONS

HEADINGS = [
    "## Root causes",
    "## Details",
    "## Actions taken",
    "## Current status",
    "## Metrics",
    "## Next steps",
    "## Validation",
]
HOSTILE = "</details> <img src=x> | `` ``` # [a](http://x) @everyone **b** _c_ ~~d~~ $e$ &amp; ![i](j)"


def rendered(report: Report) -> str:
    return markdown.render(report, Layout())


def headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("## ")]


@pytest.mark.parametrize("name", SITUATIONS)
def test_has_the_sections_of_a_ticket(name: str) -> None:
    text = rendered(SITUATIONS[name])
    assert text.startswith("# ghost-runner: Diagnosis and Repair Summary\n")
    assert headings(text) == HEADINGS


def test_metrics_are_a_table_with_units_and_limits() -> None:
    text = rendered(samples.incident())
    assert "| Processes | 1252 processes, 417 % of the limit of 300 **(over)** | 300 |" in text
    assert "| Received | 7.6 GB, 80 M packets | – |" in text


def test_validation_is_a_checklist_of_what_holds() -> None:
    assert "- [ ] PID files: `stale-pidfile`, `recycled-pidfile` clear" in rendered(samples.incident())
    assert "- [x] PID files: `stale-pidfile`, `recycled-pidfile` clear" in rendered(samples.healthy())
    assert "- [x] PID files" in rendered(samples.repaired())
    assert "- [x] Nothing restarts for 30 s" in rendered(samples.repaired())
    assert "- [x]" not in rendered(samples.half_repaired())


def test_actions_are_told_with_their_outcome() -> None:
    assert "2. `stop-process`: **failed**: pid 4711 is still there" in rendered(samples.half_repaired())
    assert "5. start: start /opt/ghost/.venv/bin/python" in rendered(samples.planned())
    assert "- only with `--evict`: stop the stranger nc" in rendered(samples.planned())


def _hostile() -> Report:
    finding = samples.found(
        "x",
        HOSTILE,
        HOSTILE,
        SubjectReport("service", HOSTILE),
        (EvidenceReport(HOSTILE), EvidenceReport(HOSTILE, HOSTILE, 3)),
        doubt=HOSTILE,
    )
    report = samples.half_repaired()
    return structs.replace(
        report,
        results=(finding, samples.skipped("y", HOSTILE, unread=True)),
        notes=(HOSTILE,),
        service=structs.replace(report.service, directory=HOSTILE, profile=HOSTILE),
        host=structs.replace(report.host, hostname=HOSTILE),
        instances=tuple(structs.replace(one, cmdline=HOSTILE) for one in report.instances),
        restarters=tuple(structs.replace(one, command=HOSTILE, trigger=HOSTILE) for one in report.restarters),
    )


def test_content_from_the_machine_cannot_break_out() -> None:
    text = rendered(_hostile())
    assert headings(text) == HEADINGS
    # Outside of code spans (which show everything as it is) each special character is escaped.
    prose = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<|(?<!\\)@everyone|(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)http://|(?<!\\)~~", prose)


def test_a_line_cannot_begin_a_list_or_a_quotation() -> None:
    assert escaped("- x") == "\\- x"
    assert escaped("1. x") == "1\\. x"
    assert escaped("> x") == "\\> x"
    assert escaped("see www.x.org and http://x") == "see www\\.x.org and http\\://x"


@given(st.text(st.sampled_from("` ab"), max_size=20))
def test_a_code_span_has_a_fence_that_its_text_cannot_close(text: str) -> None:
    span = code(text)
    if not text:
        assert span == ""
        return
    fence = re.match(r"`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert all(len(run) != len(fence[0]) for run in re.findall(r"`+", inner))
    assert not inner.startswith("`")
    assert not inner.endswith("`")
