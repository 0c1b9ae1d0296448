import pytest

from ghostfix.managers.systemd.hold_unit import HOLD_FILE
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.model.errors import StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import FakeSystemctl

STEP = RestartUnit(reason="not-running", unit="ghost.service", scope="system")


def booted(user: str = "root", **values: str) -> tuple[FakeSystem, FakeSystemctl]:
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    systemctl = FakeSystemctl(system)
    systemctl.add("ghost.service", "[Service]\n", **values)
    return system, systemctl


def test_it_restarts_the_unit_and_sees_that_it_stays() -> None:
    system, _ = booted()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert STEP.apply(system) == "systemd restarted ghost.service: pid 4321"
    assert [act.subject for act in system.acts if act.act == "command"] == [
        "systemctl reset-failed -- ghost.service",
        "systemctl restart -- ghost.service",
    ]
    assert "nothing to take back" in STEP.undo(system, captured)


def test_what_was_down_is_stopped_again_by_undo() -> None:
    system, systemctl = booted(ActiveState="failed")
    captured = STEP.capture(system)
    STEP.apply(system)
    STEP.undo(system, captured)
    assert systemctl.units["ghost.service"]["ActiveState"] == "inactive"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"LoadState": "masked"}, "ghost.service cannot be started: it is masked"),
        ({"LoadState": "not-found"}, "ghost.service cannot be started: it is not-found"),
        (
            {"DropInPaths": f"/x/{HOLD_FILE}"},
            "ghost.service is held by ghostfix: `ghostfix undo` releases it",
        ),
    ],
)
def test_when_it_cannot_be_started(values: dict[str, str], reason: str) -> None:
    system, _ = booted(**values)
    assert STEP.precondition(system) == Refused(reason)


def test_who_may_not() -> None:
    system, systemctl = booted("ghost")
    assert isinstance(STEP.precondition(system), Refused)
    assert isinstance(STEP.precondition(FakeSystem()), Refused)
    system, systemctl = booted()
    systemctl.broken = "Connection timed out"
    assert "Connection timed out" in str(STEP.precondition(system))


def test_a_unit_that_does_not_stay_up() -> None:
    system, systemctl = booted()
    systemctl.refuses = frozenset({"restart"})
    with pytest.raises(StepError, match=r"`systemctl restart ghost.service` failed: Failed to restart it"):
        STEP.apply(system)
    systemctl.refuses = frozenset()
    systemctl.units["ghost.service"]["DropInPaths"] = HOLD_FILE  # as after a failed condition
    systemctl.units["ghost.service"]["ActiveState"] = "failed"
    with pytest.raises(StepError, match="does not stay up: failed"):
        STEP.apply(system)
