import pytest

from ghostfix.managers.systemd.hold_unit import HOLD_FILE, HoldUnit
from ghostfix.managers.systemd.systemctl import unit_digest
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import UNITS, FakeSystemctl

STEP = HoldUnit(reason="rogue-restarter", unit="ghost.service", scope="system")
DROP_IN = f"{UNITS}/ghost.service.d/{HOLD_FILE}"


def booted(user: str = "root") -> tuple[FakeSystem, FakeSystemctl]:
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    systemctl = FakeSystemctl(system)
    systemctl.add("ghost.service", "[Service]\nExecStart=/bin/a\n", MainPID="700")
    return system, systemctl


def test_it_says_what_it_will_do() -> None:
    assert STEP.preview() == (
        f"hold systemd unit ghost.service: stop it, and keep it from starting (drop-in {HOLD_FILE})"
    )
    assert "of alice" in HoldUnit(reason="x", unit="u.timer", scope="user:alice").preview()


def test_held_and_released_the_machine_is_as_it_was() -> None:
    system, systemctl = booted()
    before = dict(system.files)
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert captured.fact("active") == "ghost.service"
    STEP.apply(system)
    assert b"Restart=no" in system.content(DROP_IN)
    assert systemctl.units["ghost.service"]["ActiveState"] == "inactive"
    assert isinstance(STEP.precondition(system), Unneeded)
    assert STEP.undo(system, captured).endswith("started as before: ghost.service")
    assert systemctl.units["ghost.service"]["ActiveState"] == "active"
    assert set(system.files) == set(before)
    STEP.undo(system, captured)
    assert set(system.files) == set(before)


def test_a_unit_that_was_edited_since_is_refused() -> None:
    system, systemctl = booted()
    digest = unit_digest(system, f"{UNITS}/ghost.service", (), without=HOLD_FILE)
    step = HoldUnit(reason="x", unit="ghost.service", scope="system", digest=digest)
    assert step.precondition(system) is None
    systemctl.add("ghost.service", "[Service]\nExecStart=/usr/sbin/innocent\n", MainPID="700")
    verdict = step.precondition(system)
    assert isinstance(verdict, Refused)
    assert "have changed since the plan was made" in verdict.reason


def test_undo_of_an_act_that_was_not_begun() -> None:
    system, _ = booted()
    captured = STEP.capture(system)
    before = set(system.files)
    STEP.undo(system, captured)
    assert set(system.files) == before


def test_what_did_not_run_is_not_started() -> None:
    system, systemctl = booted()
    systemctl.units["ghost.service"]["ActiveState"] = "failed"
    captured = STEP.capture(system)
    STEP.apply(system)
    assert STEP.undo(system, captured).endswith("it did not run before")
    assert systemctl.units["ghost.service"]["ActiveState"] == "inactive"


def test_what_stops_with_it_is_started_with_it() -> None:
    system, systemctl = booted()
    systemctl.units["ghost.service"].update(RequiredBy="a.service b.service", PropagatesStopTo="c.service")
    systemctl.add("a.service", BoundBy="ghost.service d.service")
    systemctl.add("b.service", ActiveState="inactive", RequiredBy="e.service")
    for name in ("c.service", "d.service", "e.service"):
        systemctl.add(name)
    captured = STEP.capture(system)
    assert (captured.fact("active") or "").split() == ["ghost.service", "a.service", "c.service", "d.service"]


def test_a_transient_unit_is_put_back() -> None:
    system, systemctl = booted()
    path = "/run/systemd/transient/ghost.service"
    systemctl.units["ghost.service"]["FragmentPath"] = path
    system.add_file(path, b"[Service]\n")
    system.add_file(f"{path}.d/50-x.conf", b"[Unit]\n")
    captured = STEP.capture(system)
    STEP.apply(system)
    system.remove_path(path)
    system.remove_path(f"{path}.d/50-x.conf")
    STEP.undo(system, captured)
    assert system.content(path) == b"[Service]\n"
    assert system.content(f"{path}.d/50-x.conf") == b"[Unit]\n"


def test_only_root_holds_a_unit_of_the_machine() -> None:
    system, _ = booted("ghost")
    assert STEP.precondition(system) == Refused(
        "ghost.service belongs to the machine's systemd: only root may hold it"
    )


def test_when_there_is_nothing_to_hold() -> None:
    assert isinstance(STEP.precondition(FakeSystem()), Refused)
    system, systemctl = booted()
    del systemctl.units["ghost.service"]
    assert STEP.precondition(system) == Unneeded("ghost.service does not exist any more")
    systemctl.broken = "Connection timed out"
    assert STEP.precondition(system) == Refused(
        "systemctl could not be asked about ghost.service: Connection timed out"
    )


def test_a_stop_that_fails_is_told_and_taken_back() -> None:
    system, systemctl = booted()
    before = set(system.files)
    captured = STEP.capture(system)
    systemctl.refuses = frozenset({"stop"})
    with pytest.raises(StepError, match=r"`systemctl stop -- ghost.service` failed: Failed to stop it"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert set(system.files) == before


def test_a_drop_in_that_somebody_changed_is_left_alone() -> None:
    system, _ = booted()
    captured = STEP.capture(system)
    STEP.apply(system)
    system.add_file(DROP_IN, b"[Unit]\n# mine now\n")
    with pytest.raises(ChangedError, match="changed by somebody"):
        STEP.undo(system, captured)
