import pytest

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.supervisord.adopt_program import AdoptSupervisorProgram
from ghostfix.model.errors import StepError
from ghostfix.model.step import Refused, Unneeded
from tests.fake_supervisorctl import CONFIG, DAEMON, FakeSupervisorctl
from tests.fake_system import FakeSystem

PATH = "/srv/ghost/conf.d/ghost.conf"
CONTENT = b"[program:ghost]\ncommand=/srv/ghost/run\n"
STEP = AdoptSupervisorProgram(
    reason="adopt", file=JobFile(path=PATH, content=CONTENT), program="ghost", config=CONFIG
)


def house(more: bytes = b"") -> tuple[FakeSystem, FakeSupervisorctl]:
    system = FakeSystem()
    system.add_file(CONFIG, b"[include]\nfiles = conf.d/*.conf\n" + more)
    system.add_folder("/srv/ghost/conf.d")
    return system, FakeSupervisorctl(system, {"other": ("RUNNING", 501)})


def test_given_and_taken_back() -> None:
    system, control = house()
    before = set(system.files)
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert STEP.apply(system) == f"{PATH} is written, and supervisord runs ghost"
    assert system.content(PATH) == CONTENT
    assert isinstance(STEP.precondition(system), Unneeded)
    for _ in range(2):
        assert STEP.undo(system, captured) == "supervisord does not know ghost any more"
        assert set(system.files) == before
        assert control.states == {"other": ("RUNNING", 501)}


def test_a_program_that_does_not_stay_up_is_a_failure_that_can_be_taken_back() -> None:
    system, control = house()
    control.failing = True
    captured = STEP.capture(system)
    with pytest.raises(StepError, match="does not keep ghost up: FATAL"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert control.states == {"other": ("RUNNING", 501)}


def test_a_program_of_that_name_elsewhere_is_refused() -> None:
    system, _ = house(b"[program:ghost]\ncommand=x\n")
    assert STEP.precondition(system) == Refused(f"supervisord has a program ghost already, in {CONFIG}")


def test_another_file_in_its_place_is_refused() -> None:
    system, _ = house()
    system.add_file(PATH, b"; mine\n")
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "says something else" in verdict.reason


def test_a_supervisord_that_does_not_answer_or_is_gone() -> None:
    system, control = house()
    control.broken = "refused connection"
    assert isinstance(STEP.precondition(system), Refused)
    control.broken = ""
    captured = STEP.capture(system)
    STEP.apply(system)
    system.end(DAEMON)
    assert isinstance(STEP.precondition(system), Refused)
    assert "itself does not run" in STEP.undo(system, captured)
    assert system.status(PATH).value is None


def test_a_program_that_is_called_error_is_none() -> None:
    system, control = house()
    control.reads = "MY_ERROR: available\nERRORS: changed\n"
    assert "supervisord runs ghost" in STEP.apply(system)


def test_a_configuration_that_is_not_accepted() -> None:
    system, control = house()
    captured = STEP.capture(system)
    control.reads = "ERROR: CANT_REREAD: section program:x has no command\n"
    with pytest.raises(StepError, match="CANT_REREAD"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert system.status(PATH).value is None


def test_a_program_that_was_there_and_stopped_is_stopped_again() -> None:
    system, control = house()
    system.add_file(PATH, CONTENT)
    control.states["ghost"] = ("STOPPED", 0)
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert control.states["ghost"][0] == "RUNNING"
    for _ in range(2):
        STEP.undo(system, captured)
        assert control.states["ghost"] == ("STOPPED", 0)
    assert system.content(PATH) == CONTENT
