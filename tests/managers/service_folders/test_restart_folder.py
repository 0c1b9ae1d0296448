import pytest

from ghostfix.managers.service_folders.folder import SUITES
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.errors import StepError
from ghostfix.model.step import Refused
from tests.fake_service_folder import FOLDER, FakeServiceFolder
from tests.fake_system import FakeSystem

KINDS = sorted(SUITES)


def house(kind: str) -> tuple[FakeSystem, FakeServiceFolder, RestartServiceFolder]:
    system = FakeSystem()
    folder = FakeServiceFolder(system, kind)
    return system, folder, RestartServiceFolder(reason="x", suite=kind, folder=FOLDER)


@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_is_restarted(kind: str) -> None:
    system, folder, step = house(kind)
    assert step.precondition(system) is None
    captured = step.capture(system)
    told = step.apply(system)
    assert told == f"{SUITES[kind].supervisor} restarted {FOLDER}: pid {folder.pid}"
    assert folder.pid not in (0, 500)
    assert "nothing to take back" in step.undo(system, captured)
    assert step.preview() == f"restart {kind} service {FOLDER}, the service's own manager"


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_down_is_up_and_down_again_after_undo(kind: str) -> None:
    system, folder, step = house(kind)
    folder.wanted, folder.pid = False, 0
    folder.write()
    captured = step.capture(system)
    step.apply(system)
    assert folder.wanted
    step.undo(system, captured)
    assert (folder.wanted, folder.pid) == (False, 0)


def test_what_does_not_come_or_does_not_stay_is_told() -> None:
    system, folder, step = house("runit")
    folder.silent = True
    with pytest.raises(StepError, match="has not started"):
        step.apply(system)
    folder.silent, folder.unsteady = False, True
    with pytest.raises(StepError, match="does not stay up"):
        step.apply(system)


def test_when_it_cannot_be_restarted() -> None:
    system, _, step = house("runit")
    system.add_file(f"{FOLDER}/supervise/status", b"")
    assert isinstance(step.precondition(system), Refused)
    system.remove_path("/usr/bin/sv")
    assert isinstance(step.precondition(system), Refused)
