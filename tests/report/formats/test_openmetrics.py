"""The numbers of a diagnosis, read by the parsers that they are for."""

import pytest
from msgspec import structs
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as classic_families

from ghostfix.model.report import EndReport, Report
from ghostfix.report.formats import openmetrics
from tests.report.formats import SITUATIONS

END = EndReport(
    kind="signalled", manager="systemd", job='web "1".service', scope="system", words="was killed",
    reported_by="systemctl", at=1_795_000_000.5, status=137, signal="SIGKILL", starts=7,
)  # fmt: skip


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample, by its name and labels; both parsers take it, and none has a time stamp."""
    assert [s for family in classic_families(text) for s in family.samples if s.timestamp is not None] == []
    return {
        (sample.name.removeprefix("ghostfix_diagnosis_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def labels(report: Report, **more: str) -> frozenset[tuple[str, str]]:
    return frozenset({"service": report.service.name, **more}.items())


@pytest.mark.parametrize("name", SITUATIONS)
def test_it_is_what_the_report_says(name: str) -> None:
    report = SITUATIONS[name]
    found = read(openmetrics.render(report))
    verdicts = {
        word: found["verdict", labels(report, verdict=word)]
        for word in ("healthy", "degraded", "down", "unknown")
    }
    assert {word for word, value in verdicts.items() if value} == {report.verdict.value}
    assert found["instances", labels(report)] == len(report.instances)
    assert found["unread_checks", labels(report)] == sum(result.unread for result in report.results)
    for result in report.results:
        key = ("findings", labels(report, code=result.check))
        assert found.get(key) == (len(result.findings) if result.outcome in ("clear", "found") else None)
    errors = sum(each.severity == "error" for result in report.results for each in result.findings)
    assert found["findings_by_severity", labels(report, severity="error")] == errors


def test_how_the_jobs_ended_is_told_by_job() -> None:
    report = structs.replace(SITUATIONS["incident"], ends=(END, structs.replace(END, job="b", status=None)))
    found = read(openmetrics.render(report))
    job = {"manager": "systemd", "job": END.job, "scope": "system"}
    assert found["last_exit_code", labels(report, **job)] == 137
    assert found["restarts", labels(report, **job)] == 7
    assert found["last_signal", labels(report, **job, signal="SIGKILL")] == 1
    assert found["last_end_seconds", labels(report, **job)] == 1_795_000_000.5
    assert ("last_exit_code", labels(report, **(job | {"job": "b"}))) not in found


def test_several_services_share_each_family() -> None:
    well = SITUATIONS["healthy"]
    other = structs.replace(well, service=structs.replace(well.service, name="other"))
    text = openmetrics.render_all((well, other))
    assert text.count("# TYPE ghostfix_diagnosis_verdict ") == 1
    assert read(text)["verdict", labels(other, verdict="healthy")] == 1
