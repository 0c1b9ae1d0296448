import msgspec
import pytest

from ghostfix.model.report import Report
from ghostfix.report.formats import json
from ghostfix.report.formats.json import Reports
from ghostfix.report.output_options import Layout
from tests.report.formats import SITUATIONS

KEYS = (
    "schema", "version", "taken_at", "host", "service", "verdict", "exit_code", "metrics", "instances",
    "restarters", "results", "causes", "plan", "run", "verification", "fail_on", "offers", "ends", "events",
    "notes",
)  # fmt: skip


@pytest.mark.parametrize("name", SITUATIONS)
def test_is_one_document_that_reads_back_as_the_report(name: str) -> None:
    text = json.render(SITUATIONS[name], Layout())
    assert msgspec.json.decode(text, type=Report) == SITUATIONS[name]
    assert text.endswith("}\n")


def test_has_the_keys_that_other_programs_rely_on() -> None:
    document = msgspec.json.decode(json.render(SITUATIONS["incident"], Layout()), type=dict[str, object])
    assert tuple(document) == KEYS
    assert (document["schema"], document["verdict"], document["plan"]) == ("ghostfix.report/1", "down", None)


def test_several_reports_are_one_document() -> None:
    pair = (SITUATIONS["incident"], SITUATIONS["healthy"])
    reports = msgspec.json.decode(json.render_all(pair, Layout()), type=Reports)
    assert reports == Reports("ghostfix.reports/1", pair)
