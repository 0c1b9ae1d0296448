import pytest

from ghostfix.managers.containers.hold_container import HoldContainer
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered
from tests.managers.containers.container_answer import ID, inspected
from tests.managers.stage import do


class Engine:
    """An engine with one container."""

    def __init__(self, name: str = "docker", policy: str = "on-failure", running: bool = True) -> None:
        self.name, self.policy, self.retries, self.running = name, policy, 5, running
        self.system = FakeSystem()
        self.system.add_program(name)
        self.step = HoldContainer(reason="test", engine=name, container=ID, name="ghost_web_1")
        self.system.add_command((name, "inspect", "--type", "container", ID), self.inspect)
        self.system.add_programs((name, "update"), self.update)
        self.system.add_command((name, "stop", ID), lambda words, _: self.turn(words, False))
        self.system.add_command((name, "start", ID), lambda words, _: self.turn(words, True))

    def inspect(self, words: Words, _: bytes) -> CommandAnswer:
        return answered(words, 0, inspected(self.policy, running=self.running, retries=self.retries))

    def update(self, words: Words, _: bytes) -> CommandAnswer:
        policy, retries = f"{words[2]}:0".removeprefix("--restart=").split(":")[:2]
        self.policy, self.retries = policy, int(retries)
        return answered(words)

    def turn(self, words: Words, running: bool) -> CommandAnswer:
        self.running = running
        return answered(words)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_its_policy_and_its_run_are_taken_and_given_back(name: str) -> None:
    engine = Engine(name)
    captured = do(engine.system, engine.step)
    assert (engine.policy, engine.running) == ("no", False)
    assert isinstance(engine.step.precondition(engine.system), Unneeded)
    engine.step.undo(engine.system, captured)
    engine.step.undo(engine.system, captured)
    assert (engine.policy, engine.retries, engine.running) == ("on-failure", 5, True)


def test_one_that_did_not_run_is_not_started() -> None:
    engine = Engine(running=False)
    captured = do(engine.system, engine.step)
    engine.step.undo(engine.system, captured)
    assert (engine.policy, engine.running) == ("on-failure", False)


def test_an_old_podman_has_no_policy_to_update() -> None:
    engine = Engine("podman", "always")
    old = b"Error: unknown flag: --restart\n"
    engine.system.add_programs(("podman", "update"), lambda words, _: answered(words, 125, b"", old))
    captured = do(engine.system, engine.step)
    assert not engine.running
    engine.step.undo(engine.system, captured)
    assert engine.running


def test_an_engine_that_does_not_answer_is_left_alone() -> None:
    engine = Engine()
    words = ("docker", "inspect", "--type", "container", ID)
    engine.system.add_command(words, stdout="[]\n", stderr="Cannot connect to the Docker daemon\n", status=1)
    assert isinstance(engine.step.precondition(engine.system), Refused)
    with pytest.raises(StepError, match="Cannot connect"):
        engine.step.capture(engine.system)


def test_a_failure_is_said() -> None:
    engine = Engine()
    engine.system.add_programs(("docker", "update"), lambda words, _: answered(words, 1, b"", b"no\n"))
    with pytest.raises(StepError, match="failed: no"):
        engine.step.apply(engine.system)
    assert engine.running
