import pytest

from ghostfix.diagnosis.checks.webhook_failing import CHECK
from ghostfix.diagnosis.judgement import judge
from ghostfix.model.snapshot import HttpAnswer
from tests.diagnosis.checks.builders import ghost_service, kinds, machine, only, runner

URL = "http://localhost:5555/webhook"


@pytest.mark.parametrize(
    ("answer", "steps"),
    [
        (HttpAnswer(url=URL, status=500), ["stop-process", "start-service", "probe-webhook"]),
        (
            HttpAnswer(url=URL, problem="connection refused"),
            ["stop-process", "start-service", "probe-webhook"],
        ),
        (HttpAnswer(url=URL, status=404), []),
        (HttpAnswer(url=URL, status=422), []),
    ],
    ids=["its own error", "no answer", "not there", "refused"],
)
def test_a_restart_mends_only_the_service_s_own_errors(answer: HttpAnswer, steps: list[str]) -> None:
    snapshot = machine(runner(100), webhook=answer)
    assert kinds(CHECK, only(CHECK, snapshot), snapshot) == steps


def test_accepted_or_not_sent() -> None:
    accepted = machine(runner(100), webhook=HttpAnswer(url=URL, status=202))
    assert CHECK.find(accepted, ghost_service()) == ()
    (result,) = judge(machine(runner(100)), ghost_service(), only=["webhook-failing"])
    assert result.reason == "not sent; --probe-webhook sends it"
