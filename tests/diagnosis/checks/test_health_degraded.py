import pytest

from ghostfix.diagnosis.checks.health_degraded import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.snapshot import HealthAnswer
from tests.diagnosis.checks.builders import answered, ghost_service, kinds, machine, only, refused, runner


@pytest.mark.parametrize(
    ("health", "says"),
    [
        (
            answered(actual='"down"', summary="degraded"),
            'components.ghost_runner is "down", not "up"; its status is degraded',
        ),
        (answered(actual=None), 'components.ghost_runner is missing, not "up"'),
        (answered(status=500), "HTTP status 500"),
        (answered(status=302), "HTTP status 302"),
    ],
)
def test_what_it_answers_is_not_well(health: HealthAnswer, says: str) -> None:
    snapshot = machine(runner(100), health=health)
    finding = only(CHECK, snapshot)
    assert says in finding.summary
    assert finding.severity is Severity.ERROR
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_its_own_word_alone_is_a_warning() -> None:
    snapshot = machine(runner(100), health=answered(summary="degraded"))
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.WARNING
    assert kinds(CHECK, finding, snapshot) == []


def test_one_that_was_just_started_may_still_come_up() -> None:
    snapshot = machine(runner(100, age=2), runner(101, age=2), health=answered(actual='"down"'))
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.WARNING
    assert kinds(CHECK, finding, snapshot) == []


def test_well_or_silent() -> None:
    assert CHECK.find(machine(runner(100)), ghost_service()) == ()
    assert CHECK.find(machine(runner(100), health=refused()), ghost_service()) == ()
