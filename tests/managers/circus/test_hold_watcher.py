import pytest

from ghostfix.managers.circus.hold_watcher import HoldCircusWatcher
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Program, Words
from tests.fake_system import FakeSystem, answered
from tests.managers.circus.test_jobs import ASK, CONFIG, watching
from tests.managers.stage import do

STEP = HoldCircusWatcher(reason="test", watcher="ghost", config=CONFIG, endpoint="tcp://127.0.0.1:9999")
ORDER = (*ASK[:3], "60", *ASK[4:])


class FakeCircus:
    def __init__(self, status: str = "active") -> None:
        self.state = status
        self.system: FakeSystem = watching()
        self.system.add_command((*ASK, "status"), self.status)
        for verb, after in (("stop", "stopped"), ("start", "active")):
            self.system.add_command((*ORDER, verb, "--waiting", "ghost"), self.becomes(after))

    def status(self, words: Words, _: bytes) -> CommandAnswer:
        return answered(words, 0, f'{{"status": "ok", "statuses": {{"ghost": "{self.state}"}}}}')

    def becomes(self, after: str) -> Program:
        def order(words: Words, _: bytes) -> CommandAnswer:
            self.state = after
            return answered(words, 0, '{"status": "ok"}')

        return order


def test_it_is_stopped_and_started() -> None:
    circus = FakeCircus()
    captured = do(circus.system, STEP)
    assert circus.state == "stopped"
    assert isinstance(STEP.precondition(circus.system), Unneeded)
    STEP.undo(circus.system, captured)
    STEP.undo(circus.system, captured)
    assert circus.state == "active"


def test_one_that_was_stopped_stays_so() -> None:
    circus = FakeCircus("stopped")
    captured = STEP.capture(circus.system)
    STEP.undo(circus.system, captured)
    assert circus.state == "stopped"


def test_an_error_in_the_answer_is_a_failure() -> None:
    circus = FakeCircus()
    said = '{"status": "error", "reason": "arbiter is already running"}'
    circus.system.add_command((*ORDER, "stop", "--waiting", "ghost"), stdout=said)
    with pytest.raises(StepError, match="already running"):
        STEP.apply(circus.system)


def test_a_circus_that_does_not_answer_is_left_alone() -> None:
    circus = FakeCircus()
    circus.system.add_command((*ASK, "status"), stderr="timed out\n", status=1)
    assert isinstance(STEP.precondition(circus.system), Refused)
    with pytest.raises(StepError):
        STEP.capture(circus.system)


def test_a_circus_that_has_ended_needs_no_hold() -> None:
    circus = FakeCircus()
    captured = STEP.capture(circus.system)
    circus.system.end(600)
    assert isinstance(STEP.precondition(circus.system), Unneeded)
    assert "no circusd runs" in STEP.undo(circus.system, captured)
