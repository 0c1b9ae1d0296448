"""Every format tells the same findings, and what could not be looked at."""

import re
from html import unescape

import pytest

from ghostfix.report.formats import FORMATS, renderer
from ghostfix.report.output_options import Amount, Layout
from tests.report.formats import SITUATIONS

WIDE = Layout(width=4_000, amount=Amount.VERBOSE)


def told(format_: str, name: str) -> str:
    """A document's text without what its format escapes, wraps or decorates."""
    text = renderer(format_).render(SITUATIONS[name], WIDE)
    text = unescape(text).replace("\\", "").replace("%25", "%")
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", SITUATIONS)
def test_tells_every_finding(name: str, format_: str) -> None:
    text = told(format_, name)
    for result in SITUATIONS[name].results:
        for finding in result.findings:
            assert finding.code in text
            assert finding.summary.replace("\\", "") in text


@pytest.mark.parametrize("format_", FORMATS)
def test_tells_what_could_not_be_looked_at(format_: str) -> None:
    text = told(format_, "unreadable")
    unread = [result for result in SITUATIONS["unreadable"].results if result.unread]
    assert len(unread) == 2
    assert [result.check for result in unread if result.check not in text] == []
    assert [result.reason for result in unread if (result.reason or "") not in text] == []
