from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema
from msgspec import structs

from ghostfix.report.formats import junit
from tests.report.formats import SITUATIONS
from tests.report.formats.test_html import HOSTILE, renamed

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).parent / "junit.xsd"))


def outcomes(text: str) -> dict[str, str]:
    """Check -> failure, error, skipped or passed."""
    kinds = ("failure", "error", "skipped")
    return {
        case.get("name", ""): next((child.tag for child in case if child.tag in kinds), "passed")
        for case in ElementTree.fromstring(text).iter("testcase")
    }


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_validator_takes_it(name: str) -> None:
    SCHEMA.validate(junit.render(SITUATIONS[name]))


def test_several_services_are_suites_of_one_document() -> None:
    text = junit.render_all(tuple(SITUATIONS.values()))
    SCHEMA.validate(text)
    assert len(ElementTree.fromstring(text)) == len(SITUATIONS)


def test_each_check_is_a_case_with_what_became_of_it() -> None:
    found = outcomes(junit.render(SITUATIONS["incident"]))
    assert len(found) == len(SITUATIONS["incident"].results)
    assert found["rogue-restarter"] == "failure"
    assert found["not-running"] == "passed"
    assert found["webhook-failing"] == "skipped"


def test_a_warning_fails_only_where_it_was_asked_to() -> None:
    report = SITUATIONS["incident"]
    assert outcomes(junit.render(report))["process-count"] == "passed"
    strict = structs.replace(report, fail_on="warning")
    assert outcomes(junit.render(strict))["process-count"] == "failure"


def test_what_could_not_be_looked_at_is_an_error() -> None:
    found = outcomes(junit.render(SITUATIONS["unreadable"]))
    assert found == {
        "duplicate-instance": "error",
        "rogue-restarter": "error",
        "stale-pidfile": "error",
        "webhook-failing": "skipped",
    }


@pytest.mark.parametrize("name", [HOSTILE, "]]>", "\x00\ufffe\x1b"])
def test_text_from_the_machine_stays_text(name: str) -> None:
    text = junit.render(renamed(SITUATIONS["incident"], name))
    SCHEMA.validate(text)
    assert len(outcomes(text)) == len(SITUATIONS["incident"].results)
