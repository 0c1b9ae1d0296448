import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.model.service import HealthWanted, Service
from ghostfix.model.snapshot import HealthAnswer, HttpAnswer
from ghostfix.survey.health import collect, judge, look_up
from tests.fake_system import FakeSystem

URL = "http://localhost:5555/health"
DOCUMENT = {"status": "degraded", "components": {"ghost_runner": "down", "web": {"up": True}}, "a.b": 1}


def judged(body: str, expect: dict[str, str | int | float | bool], status: int | None = 200) -> HealthAnswer:
    return judge(HttpAnswer(url=URL, status=status, body=body), HealthWanted(url=URL, expect=expect))


def actual(document: object, key: str) -> str | None:
    return judged(json.dumps(document), {key: "?"}).expectations[0].actual


def test_collect_asks_the_url_of_the_profile() -> None:
    system = FakeSystem()
    system.add_page(URL, body=json.dumps(DOCUMENT))
    wanted = HealthWanted(url=URL, expect={"components.ghost_runner": "up"})
    service = Service(name="g", profile="t", directory="/srv", health=wanted)
    health = collect(system, service).value
    assert health is not None
    assert health.summary == "degraded"
    assert [(one.actual, one.wanted, one.met) for one in health.expectations] == [('"down"', '"up"', False)]


def test_no_health_in_the_profile_asks_nothing() -> None:
    assert collect(FakeSystem(), Service(name="g", profile="t", directory="/srv")).value is None


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("components.ghost_runner", '"down"'),
        ("components.web.up", "true"),
        ("a.b", "1"),
        ("ghost_runner", '"down"'),
        ("elsewhere.ghost_runner", '"down"'),
        ("components.absent", None),
        ("status.deeper", None),
    ],
)
def test_look_up(key: str, wanted: str | None) -> None:
    assert actual(DOCUMENT, key) == wanted


def test_a_name_that_stands_twice_elsewhere_is_not_guessed() -> None:
    assert actual({"x": {"up": 1}, "y": {"up": 2}}, "z.up") is None


def test_lists_are_reached_by_number() -> None:
    assert actual({"all": [{"up": 1}, {"up": 2}]}, "all.1.up") == "2"
    assert actual({"all": []}, "all.0") is None


def test_numbers_are_equal_however_written_and_truth_is_no_number() -> None:
    assert judged('{"n": 1.0}', {"n": 1}).expectations[0].met
    assert not judged('{"n": true}', {"n": 1}).expectations[0].met
    assert judged('{"n": true}', {"n": True}).expectations[0].met


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ("<!DOCTYPE html><html>", 200, "HTML"),
        ('{"status": "o', 200, "broken JSON"),
        ("[" * 60_000, 200, "broken JSON"),
        ("OK", 200, "not JSON"),
        ("", 200, "empty"),
        ('{"a": "' + "x" * 65_536, 200, "64 KiB"),
        ("", 302, "redirects"),
    ],
)
def test_answers_that_cannot_be_used(body: str, status: int, problem: str) -> None:
    health = judged(body, {"status": "up"}, status)
    assert problem in (health.answer.problem or "")
    assert health.expectations[0].actual is None


def test_a_document_is_not_needed_when_nothing_is_expected_of_it() -> None:
    assert judged("OK", {}).answer.problem is None
    assert judged("", {}, 302).answer.problem is not None


def test_an_error_status_with_a_document_is_read() -> None:
    health = judged('{"status": "down"}', {"status": "up"}, 503)
    assert (health.answer.problem, health.summary) == (None, "down")


def test_no_answer_keeps_its_reason() -> None:
    health = judge(HttpAnswer(url=URL, problem="refused"), HealthWanted(url=URL, expect={"a": 1}))
    assert (health.answer.problem, health.expectations[0].actual) == ("refused", None)


@given(st.text(max_size=300))
def test_no_body_is_too_strange(body: str) -> None:
    judged(body, {"a.b": "up"})


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3)
    ),
)


@given(json_values, st.text("ab.01", max_size=6))
def test_no_document_is_too_strange(document: object, key: str) -> None:
    look_up(document, key)
