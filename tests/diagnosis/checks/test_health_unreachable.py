from ghostfix.diagnosis.checks.health_unreachable import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    HEALTH,
    answered,
    ghost_service,
    kinds,
    machine,
    only,
    refused,
    runner,
)


def test_it_runs_without_answering() -> None:
    snapshot = machine(runner(100), health=refused("no answer within 5 s"))
    finding = only(CHECK, snapshot)
    assert finding.summary == f"{HEALTH} does not answer: no answer within 5 s"
    assert finding.severity is Severity.ERROR
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_it_was_just_started() -> None:
    snapshot = machine(runner(100, age=2), health=refused())
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert kinds(CHECK, finding, snapshot) == []


def test_a_bad_answer_is_an_answer() -> None:
    assert CHECK.find(machine(runner(100), health=answered(500)), ghost_service()) == ()
    assert CHECK.applies(ghost_service(health=None)) == "the profile names no health URL"
