import pytest

from ghostfix.managers.service_folders.folder import SUITES
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder, give_order
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_service_folder import FOLDER, FakeServiceFolder
from tests.fake_system import FakeSystem, default_caller

KINDS = sorted(SUITES)


def house(kind: str = "runit") -> tuple[FakeSystem, FakeServiceFolder, HoldServiceFolder]:
    system = FakeSystem()
    return system, FakeServiceFolder(system, kind), HoldServiceFolder(reason="x", suite=kind, folder=FOLDER)


@pytest.mark.parametrize("kind", KINDS)
def test_held_and_released(kind: str) -> None:
    system, folder, step = house(kind)
    before = set(system.files)
    assert step.precondition(system) is None
    captured = step.capture(system)
    assert step.apply(system) == f"{FOLDER} is down, and stays down"
    assert (folder.pid, folder.wanted) == (0, False)
    assert isinstance(step.precondition(system), Unneeded)
    assert step.undo(system, captured) == f"{FOLDER} is up again"
    assert folder.pid != 0
    step.undo(system, captured)
    assert set(system.files) == before
    assert step.preview().startswith(f"hold {kind} service {FOLDER}: create its `down` file, then `s")


def test_what_was_down_stays_down() -> None:
    system, folder, step = house()
    folder.wanted, folder.pid = False, 0
    folder.write()
    system.add_file(f"{FOLDER}/down", b"mine\n")
    captured = step.capture(system)
    step.apply(system)
    assert "stays down" in step.undo(system, captured)
    assert system.content(f"{FOLDER}/down") == b"mine\n"
    assert not folder.wanted


def test_a_process_that_has_not_ended_is_not_run_again() -> None:
    system, folder, step = house()
    folder.stubborn = True
    assert step.apply(system) == f"{FOLDER} is not run again; pid 500 has not ended yet"


def test_an_order_that_is_not_taken_is_told() -> None:
    system, folder, step = house()
    folder.silent = True
    with pytest.raises(StepError, match="runsv did not take the order"):
        step.apply(system)
    folder.complaint = "svc: warning: unable to control it: supervise not running"
    with pytest.raises(StepError, match="supervise not running"):
        step.apply(system)


def test_when_it_cannot_be_held() -> None:
    system, folder, step = house("s6")
    folder.complaint = "s6-svstat: fatal: unable to read status"
    assert "unable to read status" in str(step.precondition(system))
    system.remove_path("/usr/bin/s6-svc")
    assert isinstance(step.precondition(system), Refused)
    assert isinstance(step.precondition(FakeSystem()), Unneeded)


def test_a_down_file_that_somebody_changed_is_left_alone() -> None:
    system, _, step = house()
    captured = step.capture(system)
    step.apply(system)
    system.add_file(f"{FOLDER}/down", b"mine now\n")
    with pytest.raises(ChangedError, match="changed by somebody"):
        step.undo(system, captured)


@pytest.mark.parametrize("kind", KINDS)
def test_root_gives_the_orders_as_the_folder_s_owner_or_not_at_all(kind: str) -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    FakeServiceFolder(system, kind)
    step = HoldServiceFolder(reason="x", suite=kind, folder=FOLDER)
    restart = RestartServiceFolder(reason="x", suite=kind, folder=FOLDER)
    system.add_folder(FOLDER, uid=1001)
    assert "uid 1001" in getattr(step.precondition(system), "reason", "")
    assert "uid 1001" in getattr(restart.precondition(system), "reason", "")
    with pytest.raises(StepError, match=r"was not run: .* belongs to uid 1001"):
        give_order(system, SUITES[kind].down, FOLDER)
    system.add_file("/etc/passwd", b"alice:x:1001:1001::/home/alice:/bin/sh\n", uid=0)
    assert step.precondition(system) is None
    step.apply(system)
    assert [act.detail for act in system.acts if act.act == "command"] == ["alice"]
