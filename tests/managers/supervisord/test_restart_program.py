import pytest

from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.model.errors import StepError
from ghostfix.model.step import Refused
from tests.fake_supervisorctl import CONFIG, FakeSupervisorctl
from tests.fake_system import FakeSystem

STEP = RestartSupervisorProgram(reason="not-running", program="ghost", config=CONFIG)


def house(state: str = "RUNNING") -> tuple[FakeSystem, FakeSupervisorctl]:
    system = FakeSystem()
    system.add_file(CONFIG, b"[program:ghost]\ncommand=x\n[program:other]\ncommand=y\n")
    return system, FakeSupervisorctl(system, {"ghost": (state, 500), "other": ("RUNNING", 501)})


def test_it_restarts_the_program_and_leaves_the_others() -> None:
    system, control = house()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert STEP.apply(system).startswith("supervisord restarted ghost: pid ")
    assert control.states["other"] == ("RUNNING", 501)
    assert STEP.undo(system, captured) == "ghost ran before: there is nothing to take back"
    assert control.states["ghost"][0] == "RUNNING"


def test_what_was_down_is_stopped_again_by_undo() -> None:
    system, control = house("STOPPED")
    captured = STEP.capture(system)
    STEP.apply(system)
    control.stubborn = True
    with pytest.raises(StepError, match="supervisorctl stop ghost"):
        STEP.undo(system, captured)
    control.stubborn = False
    assert STEP.undo(system, captured) == "ghost is stopped, as it was before"


def test_a_program_that_does_not_stay_up() -> None:
    system, control = house()
    control.failing = True
    with pytest.raises(StepError, match="ghost does not stay up"):
        STEP.apply(system)


def test_when_it_cannot_be_restarted() -> None:
    system, control = house()
    control.broken = "refused connection"
    assert "refused connection" in str(STEP.precondition(system))
    control.broken = ""
    del control.states["ghost"]
    assert "does not know ghost yet" in str(STEP.precondition(system))
    assert isinstance(STEP.precondition(FakeSystem()), Refused)
