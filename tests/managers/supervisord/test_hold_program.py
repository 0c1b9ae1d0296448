import pytest
from msgspec import structs

from ghostfix.managers.supervisord.hold_program import HoldSupervisorProgram, held
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.step import Refused, Unneeded
from tests.fake_supervisorctl import CONFIG, FakeSupervisorctl
from tests.fake_system import FakeSystem

STEP = HoldSupervisorProgram(reason="rogue-restarter", program="ghost", file=CONFIG, config=CONFIG)
TEXT = b"[program:ghost]\r\ncommand=x\n\tAutoStart = true \n\n[program:other]\ncommand=y\nautostart=true"
LINE = b"autostart=false ; held by ghostfix: `ghostfix undo` gives back what was here\n"


def house() -> tuple[FakeSystem, FakeSupervisorctl]:
    system = FakeSystem()
    system.add_file(CONFIG, TEXT)
    return system, FakeSupervisorctl(system, {"ghost": ("RUNNING", 500), "other": ("RUNNING", 501)})


def test_one_line_differs() -> None:
    assert held(TEXT, 1) == TEXT.replace(b"\tAutoStart = true \n", LINE)
    assert held(TEXT, 5) == TEXT.replace(b"autostart=true", LINE)
    assert held(b"[program:a]", 1) == b"[program:a]\n" + LINE
    assert held(b"[program:a]\n[x]\nautostart=1\n", 1) == b"[program:a]\n" + LINE + b"[x]\nautostart=1\n"


def test_held_and_released() -> None:
    system, control = house()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert control.states["ghost"] == ("STOPPED", 0)
    assert control.states["other"] == ("RUNNING", 501)
    assert system.content(CONFIG) == held(TEXT, 1)
    assert isinstance(STEP.precondition(system), Unneeded)
    assert "ghost: started" in STEP.undo(system, captured)
    assert system.content(CONFIG) == TEXT
    assert control.states["ghost"][0] == "RUNNING"
    assert STEP.undo(system, captured) == f"{CONFIG} is as it was"
    assert STEP.preview() == f"hold supervisord program ghost: autostart=false in {CONFIG}, and stop it"


def test_what_did_not_run_is_not_started() -> None:
    system, control = house()
    control.states["ghost"] = ("STOPPED", 0)
    captured = STEP.capture(system)
    STEP.apply(system)
    STEP.undo(system, captured)
    assert control.states["ghost"] == ("STOPPED", 0)


def test_when_it_cannot_be_held() -> None:
    system, control = house()
    control.broken = "refused connection"
    assert isinstance(STEP.precondition(system), Refused)
    control.broken = ""
    system.add_file(CONFIG, b"[program:other]\n")
    assert STEP.precondition(system) == Refused(f"{CONFIG} has no program ghost any more")
    with pytest.raises(ChangedError):
        STEP.apply(system)
    system.remove_path(CONFIG)
    assert isinstance(STEP.precondition(system), Refused)


def test_a_program_that_is_not_stopped_is_told() -> None:
    system, control = house()
    control.stubborn = True
    captured = STEP.capture(system)
    with pytest.raises(StepError, match="supervisord did not stop ghost"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert system.content(CONFIG) == TEXT


def test_a_file_that_somebody_changed_is_left_alone() -> None:
    system, _ = house()
    captured = STEP.capture(system)
    STEP.apply(system)
    mine = held(TEXT, 1).replace(b"command=x", b"command=mine")
    system.add_file(CONFIG, mine)
    with pytest.raises(ChangedError, match="changed by somebody"):
        STEP.undo(system, captured)
    assert system.content(CONFIG) == mine
    system.remove_path(CONFIG)
    with pytest.raises(ChangedError, match="is gone"):
        STEP.undo(system, captured)


def test_what_somebody_changed_elsewhere_in_the_file_stays() -> None:
    system, _ = house()
    captured = STEP.capture(system)
    STEP.apply(system)
    system.add_file(CONFIG, b"; mine\n" + held(TEXT, 1) + b"\n# mine\n")
    assert "has ghost as it was" in STEP.undo(system, captured)
    assert system.content(CONFIG) == b"; mine\n" + TEXT + b"\n# mine\n"
    assert "has ghost as it was" in STEP.undo(system, captured)


@pytest.mark.parametrize("ghost_first", [True, False])
def test_two_holds_in_one_file_are_released_in_any_order(ghost_first: bool) -> None:
    system, _ = house()
    other = structs.replace(STEP, program="other")
    captured = STEP.capture(system)
    STEP.apply(system)
    captured_other = other.capture(system)
    other.apply(system)
    undoing = [(STEP, captured), (other, captured_other)]
    for step, kept in undoing if ghost_first else reversed(undoing):
        step.undo(system, kept)
    assert system.content(CONFIG) == TEXT


def test_without_a_supervisord_only_the_file_is_held() -> None:
    system = FakeSystem()
    system.add_file(CONFIG, TEXT)
    captured = STEP.capture(system)
    STEP.apply(system)
    STEP.undo(system, captured)
    assert system.content(CONFIG) == TEXT


def test_a_program_whose_name_means_every_other_is_left_alone() -> None:
    system, control = house()
    system.add_file(CONFIG, TEXT + b"\n[program:all]\ncommand=z\n")
    control.states["all"] = ("RUNNING", 502)
    step = HoldSupervisorProgram(reason="rogue-restarter", program="all", file=CONFIG, config=CONFIG)
    assert step.precondition(system) == Refused("supervisorctl would take `all` for every program")
    with pytest.raises(StepError, match="for every program"):
        step.apply(system)
    assert control.states["other"] == ("RUNNING", 501)
