from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec
import pytest
from msgspec import structs

from ghostfix.commands.fleet import shared_findings as shared
from ghostfix.commands.fleet.shared_findings import shared_findings
from ghostfix.model.fleet import FleetHost, SharedFinding
from ghostfix.model.report import Report
from tests.commands.fleet.samples import HEALTHY, INCIDENT, seen


def found(*hosts: FleetHost) -> dict[str, SharedFinding]:
    shared = shared_findings(hosts)
    assert len({each.code for each in shared}) == len(shared), [each.summary for each in shared]
    return {each.code: each for each in shared}


def rewritten(report: Report, *pairs: tuple[str, str]) -> Report:
    """The same report with some of its text replaced, as another host would have written it."""
    text = msgspec.json.encode(report).decode()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return msgspec.json.decode(text, type=Report)


def test_a_fault_that_all_share_is_one() -> None:
    names = tuple(f"web{number}" for number in range(12))
    shared = found(*(seen(name, INCIDENT) for name in names))
    assert shared
    assert all(each.hosts == names for each in shared.values())


def test_the_same_cron_line_elsewhere_in_the_crontab_is_the_same() -> None:
    (job,) = [each for each in INCIDENT.restarters if each.kind == "cron"][:1]
    owner, _, line = job.id.rpartition(":")
    other = rewritten(INCIDENT, (f"{owner}:{line}", f"{owner}:{int(line) + 30}"))
    about_job = [
        each
        for each in shared_findings((seen("a", INCIDENT), seen("b", other)))
        if each.subject.kind == "job"
    ]
    assert about_job
    assert all(each.hosts == ("a", "b") for each in about_job)


def test_another_command_is_another_finding() -> None:
    (job,) = [each for each in INCIDENT.restarters if each.kind == "cron"][:1]
    changed = structs.replace(
        INCIDENT,
        restarters=tuple(
            structs.replace(each, command="/opt/other") if each is job else each
            for each in INCIDENT.restarters
        ),
    )
    about_job = [
        each
        for each in shared_findings((seen("a", INCIDENT), seen("b", changed)))
        if each.subject.kind == "job" and job.id in each.subject.name
    ]
    assert {each.hosts for each in about_job} == {("a",), ("b",)}


def test_what_each_host_has_of_its_own_is_left_out_of_the_summary() -> None:
    (instance, *_) = INCIDENT.instances
    other = rewritten(INCIDENT, (str(instance.pid), "77777"))
    summaries = [each.summary for each in shared_findings((seen("a", INCIDENT), seen("b", other)))]
    assert any("…" in summary for summary in summaries)
    assert not any("77777" in summary for summary in summaries)


def test_a_hostile_summary_does_not_keep_the_controller_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """To compare two of a million equal words would take a day."""
    compared: list[int] = []

    class Counted(SequenceMatcher[str]):
        def __init__(self, junk: None, first: Sequence[str], second: Sequence[str], **options: bool) -> None:
            compared.append(len(first) * len(second))
            super().__init__(junk, first, second, **options)

    monkeypatch.setattr(shared, "SequenceMatcher", Counted)
    for summary in ("word " * 3_000, "word " * 3_000 + "end"):
        assert shared._in_common([summary, f"{summary} more", "another"])
    assert max(compared) <= shared._LONGEST**2


def test_the_worst_comes_first_then_what_most_share() -> None:
    shared = shared_findings((seen("a", INCIDENT), seen("b", HEALTHY)))
    severities = [("error", "warning", "info").index(each.severity) for each in shared]
    assert severities == sorted(severities)
