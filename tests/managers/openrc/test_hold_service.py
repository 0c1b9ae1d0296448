import pytest

from ghostfix.managers.openrc.hold_service import HoldOpenrcService
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer, Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered, default_caller
from tests.managers.stage import do

STARTED = "/run/openrc/started"
STEP = HoldOpenrcService(reason="test", service="ghost")


def machine(user: str = "root") -> FakeSystem:
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    system.add_program("rc-service")
    for name in ("ghost", "leaf", "sshd"):
        system.add_symlink(f"{STARTED}/{name}", f"/etc/init.d/{name}")

    def stop(words: Words, _: bytes) -> CommandAnswer:
        system.remove_path(f"{STARTED}/ghost")
        system.remove_path(f"{STARTED}/leaf")
        return answered(words)

    def start(words: Words, _: bytes) -> CommandAnswer:
        system.add_symlink(f"{STARTED}/ghost", "/etc/init.d/ghost")
        return answered(words)

    system.add_command(("rc-service", "ghost", "stop"), stop)
    system.add_command(("rc-service", "ghost", "start"), start)
    return system


def test_it_is_stopped_and_started() -> None:
    system = machine()
    captured = do(system, STEP)
    assert system.names(STARTED).value == ("sshd",)
    assert isinstance(STEP.precondition(system), Unneeded)
    assert STEP.undo(system, captured).endswith("not started any more: leaf")
    acts = len(system.acts)
    STEP.undo(system, captured)
    assert len(system.acts) == acts
    assert system.names(STARTED).value == ("ghost", "sshd")


def test_one_that_was_not_started_stays_so() -> None:
    system = machine()
    system.remove_path(f"{STARTED}/ghost")
    assert "stays so" in STEP.undo(system, STEP.capture(system))
    assert system.acts == []


def test_who_may_not_is_refused() -> None:
    assert isinstance(STEP.precondition(machine("ghost")), Refused)
    assert isinstance(STEP.precondition(FakeSystem()), Refused)


def test_a_failure_is_said() -> None:
    system = machine()
    system.add_command(("rc-service", "ghost", "stop"), stderr=" * ERROR: ghost failed to stop\n", status=1)
    with pytest.raises(StepError, match="failed to stop"):
        STEP.apply(system)
