"""Sending the test document."""

import pytest

from ghostfix.model.errors import StepError
from ghostfix.model.service import WebhookWanted
from ghostfix.model.snapshot import HttpAnswer
from ghostfix.steps.probe_webhook import ProbeWebhook
from tests.fake_system import FakeSystem

URL = "http://localhost:5555/webhook"
STEP = ProbeWebhook(reason="webhook-failing", webhook=WebhookWanted(url=URL, payload={"id": "probe"}))


def answering(answer: HttpAnswer) -> FakeSystem:
    machine = FakeSystem()
    machine.add_process(500, ("python",), listens=(5555,))
    machine.add_page(URL, answer, method="POST")
    return machine


def posted(machine: FakeSystem) -> list[str]:
    return [act.detail for act in machine.acts if act.act == "post"]


def test_an_expected_status_is_well() -> None:
    machine = answering(HttpAnswer(url=URL, status=202, elapsed=0.25))
    assert STEP.precondition(machine) is None
    assert STEP.apply(machine) == "HTTP 202 in 0.25 s"
    assert posted(machine) == ['{"id":"probe"}']


def test_another_status_is_told_with_what_was_said() -> None:
    with pytest.raises(StepError, match="answered HTTP 500: out of ghosts"):
        STEP.apply(answering(HttpAnswer(url=URL, status=500, body="out of ghosts\n")))


def test_no_answer_is_told_with_its_reason() -> None:
    with pytest.raises(StepError, match="did not answer: timed out"):
        STEP.apply(answering(HttpAnswer(url=URL, problem="timed out")))


def test_it_waits_for_the_port_and_sends_once() -> None:
    machine = FakeSystem()
    machine.add_process(500, ("python",))
    machine.add_page(URL, HttpAnswer(url=URL, status=200), method="POST", needs_listener=True)
    waits: list[float] = []

    def comes_up(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            machine.listen(500, 5555)

    machine.on_wait.append(comes_up)
    STEP.apply(machine)
    assert len(posted(machine)) == 1
