"""The line that a monitoring system reads, by the rules of the plugins' guidelines."""

import re

import pytest
from msgspec import structs

from ghostfix.model.report import Report, Verdict
from ghostfix.report.formats import nagios
from tests.report.formats import SITUATIONS

LINE = re.compile(
    r"GHOSTFIX (?P<state>OK|WARNING|CRITICAL|UNKNOWN) - (?P<text>[^|\n]+) \| (?P<data>[^\n]+)\n"
)
DATUM = re.compile(r"'(?P<label>[\w.-]+)'=(?P<value>-?[0-9.]+)(?:%|c)?;;(?P<limit>-?[0-9.]*);0")


def read(text: str) -> tuple[str, str, dict[str, float]]:
    """The state, the text and the data of a line."""
    found = LINE.fullmatch(text)
    assert found is not None, text
    data = [DATUM.fullmatch(word) for word in found["data"].split(" ")]
    assert None not in data, text
    return found["state"], found["text"], {each["label"]: float(each["value"]) for each in data if each}


def severities(report: Report, severity: str) -> Report:
    """The report with this severity for each of its findings."""
    results = tuple(
        structs.replace(
            result, findings=tuple(structs.replace(each, severity=severity) for each in result.findings)
        )
        for result in report.results
    )
    return structs.replace(report, results=results)


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [("incident", "CRITICAL", 2), ("healthy", "OK", 0), ("unreadable", "UNKNOWN", 3)],
)
def test_each_situation_has_its_state(name: str, state: str, code: int) -> None:
    report = SITUATIONS[name]
    said, text, data = read(nagios.render(report))
    assert (said, nagios.exit_code((report,))) == (state, code)
    assert text.startswith(f"{report.service.name} is {report.verdict.value}")
    assert data["instances"] == len(report.instances)
    assert data.get("processes") == report.metrics.process_count


def test_warnings_are_warnings_and_remarks_are_none() -> None:
    ill = structs.replace(SITUATIONS["incident"], verdict=Verdict.DEGRADED)
    assert nagios.exit_code((severities(ill, "warning"),)) == 1
    assert nagios.exit_code((severities(ill, "info"),)) == 0
    down = structs.replace(severities(ill, "warning"), verdict=Verdict.DOWN)
    assert nagios.exit_code((down,)) == 2


def test_what_is_ill_counts_more_than_what_is_not_known() -> None:
    well, ill, blind = (SITUATIONS[name] for name in ("healthy", "incident", "unreadable"))
    assert nagios.exit_code((well, blind)) == 3
    assert nagios.exit_code((blind, ill, well)) == 2
    assert (
        nagios.exit_code((severities(structs.replace(ill, verdict=Verdict.DEGRADED), "warning"), blind)) == 1
    )


def test_the_root_cause_is_said() -> None:
    _, text, _ = read(nagios.render(SITUATIONS["incident"]))
    assert SITUATIONS["incident"].causes[0].short in text
    _, text, _ = read(nagios.render(SITUATIONS["unreadable"]))
    assert "no answer of" in text


def test_several_services_are_one_line_with_data_of_each() -> None:
    pair = tuple(
        structs.replace(SITUATIONS[name], service=structs.replace(SITUATIONS[name].service, name=service))
        for name, service in (("healthy", "a|b's = x"), ("incident", "web"))
    )
    state, text, data = read(nagios.render_all(pair))
    assert state == "CRITICAL"
    assert "OK a/b's = x is healthy; CRITICAL web is down" in text
    assert {"web_instances", "a_b_s___x_instances"} <= data.keys()


def test_a_text_is_cut_where_some_would_cut_it_badly() -> None:
    said = nagios.line(nagios.State.OK, "word " * 1000, (nagios.datum("big", 12_345_678_901.0, limit=1e9),))
    assert len(said) < 1024
    assert said.endswith(" | 'big'=12345678901;;1000000000;0\n")
    assert nagios.line(nagios.State.UNKNOWN, "a\nb|c") == "GHOSTFIX UNKNOWN - a\\nb/c\n"
