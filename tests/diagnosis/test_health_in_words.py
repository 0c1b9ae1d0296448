"""The health endpoint's answer in a few words, as the report of a verification has it."""

import pytest
from msgspec import structs

from ghostfix.diagnosis.judgement import health_in_words
from ghostfix.model.reading import Reading
from ghostfix.model.service import HealthWanted, Service
from ghostfix.model.snapshot import HttpAnswer
from ghostfix.survey import health
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem

URL = "http://127.0.0.1:8000/health"
UP = HealthWanted(url=URL, expect={"status": "up", "db": "up"})
ANY = HealthWanted(url=URL)


@pytest.mark.parametrize(
    ("answer", "wanted", "words"),
    [
        (HttpAnswer(url=URL, status=204), ANY, "ok, HTTP 204"),
        (HttpAnswer(url=URL, status=500, body="broken"), ANY, "HTTP status 500"),
        (HttpAnswer(url=URL, problem="timed out"), ANY, "timed out"),
        (
            HttpAnswer(url=URL, status=503, body='{"status": "down"}'),
            UP,
            'HTTP status 503; status is "down", not "up"; db is missing, not "up"',
        ),
    ],
)
def test_all_that_is_wrong_with_it_is_named(answer: HttpAnswer, wanted: HealthWanted, words: str) -> None:
    service = Service(name="web", profile="p", directory="/srv", module="web", health=wanted)
    snapshot = survey(FakeSystem(), structs.replace(service, health=None))
    snapshot = structs.replace(snapshot, health=Reading(health.judge(answer, wanted)))
    assert health_in_words(snapshot, service) == words
