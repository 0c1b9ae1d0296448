import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.competing_managers import CHECK
from ghostfix.diagnosis.own_manager import is_manager
from ghostfix.model.job import Job, Place
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    HOME,
    cron_job,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    runner,
    unit_job,
    watchdog_job,
)


def test_two_kinds_of_manager() -> None:
    finding = only(CHECK, machine(runner(100), jobs=[unit_job(), cron_job()]))
    assert finding.summary == "2 managers want to run ghost: cron line 7 and systemd ghost.service"
    assert finding.confidence is Confidence.CERTAIN


def test_two_of_one_kind_that_both_bring_it_back() -> None:
    jobs = [unit_job(), unit_job("runner.service")]
    assert only(CHECK, machine(runner(100), jobs=jobs)).short == "2 managers"


def test_one_that_was_only_read_leaves_a_doubt() -> None:
    jobs = [unit_job(), cron_job(confidence=Confidence.LIKELY)]
    finding = only(CHECK, machine(runner(100), jobs=jobs))
    assert finding.confidence is Confidence.LIKELY
    assert finding.doubt


@pytest.mark.parametrize(
    "jobs",
    [
        [unit_job()],
        [unit_job(), unit_job("ghost.timer", restarts_on_exit=False)],
        [cron_job(), cron_job("alice:8", line=8)],
        [cron_job(hops=[Place(f"{HOME}/watchdog.sh", 214)]), watchdog_job()],
        [unit_job(), cron_job(enabled=False)],
        [unit_job(), cron_job(confidence=Confidence.POSSIBLE)],
    ],
    ids=["one", "unit and timer", "two cron lines", "line and its watchdog", "disabled", "a possibility"],
)
def test_these_do_not_compete(jobs: list[Job]) -> None:
    assert CHECK.find(machine(runner(100), jobs=jobs), ghost_service()) == ()


def test_the_profile_s_manager_is_not_held() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(runner(100), jobs=[unit_job(starts=(100,)), cron_job()])
    assert kinds(CHECK, only(CHECK, snapshot, service), snapshot, service) == ["hold-cron-line"]


def test_one_name_in_two_scopes_is_told_apart() -> None:
    """The machine's unit and a user's: the profile means the machine's, and the other one is held."""
    machine_s = unit_job(starts=(100,))
    user_s = structs.replace(unit_job(), scope="user:dev", namesake=True)
    snapshot = machine(runner(100), listeners=[listener(5555, 100)], jobs=[machine_s, user_s])
    service = ghost_service(manager="systemd:ghost.service")
    finding = only(CHECK, snapshot, service)
    assert "systemd ghost.service and systemd ghost.service of dev" in finding.summary
    assert ["the profile's manager" in evidence.text for evidence in finding.evidence] == [True, False]
    held = [step for step in CHECK.repair(finding, snapshot, service) if step.kind == "hold-unit"]
    assert [step.preview().partition(":")[0] for step in held] == ["hold systemd unit ghost.service of dev"]


def test_a_user_s_unit_is_named_with_its_own_kind() -> None:
    user_s = structs.replace(unit_job(), scope="user:dev")
    assert is_manager(ghost_service(manager="systemd-user:ghost.service"), user_s)
    assert not is_manager(ghost_service(manager="systemd-user:ghost.service"), unit_job())
