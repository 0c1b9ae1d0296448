"""``ghostfix run --restart`` as a restarter: found, never called a rogue, held only where it must be."""

import pytest

from ghostfix.diagnosis.checks import rogue_restarter
from ghostfix.diagnosis.own_manager import managers
from ghostfix.diagnosis.unwanted_restarters import unwanted_restarters
from ghostfix.managers.ghostfix_run.jobs import RESTARTER, jobs
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.jobs import jobs as watchdogs
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree
from ghostfix.model.service import Service
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem

DIRECTORY = "/srv/web"
SERVICE = Service(name="web", profile=f"{DIRECTORY}/ghostfix.toml", directory=DIRECTORY, module="shop.web")
SUPERVISOR = ("python3", "/usr/local/bin/ghostfix", "run", "web", "--restart", "on-failure")
INSTANCE = ("python3", "-m", "shop.web")


def machine(argv: tuple[str, ...] = SUPERVISOR, *, instance: bool = True, cwd: str = DIRECTORY) -> FakeSystem:
    system = FakeSystem()
    system.add_process(500, argv, cwd=cwd)
    if instance:
        system.add_process(501, INSTANCE, ppid=500, cwd=DIRECTORY)
    return system


def found(system: System) -> tuple[Job, ...]:
    return jobs(system, SERVICE, ProcessTree(system.processes().value)).value


def test_it_is_found_above_its_instance() -> None:
    (job,) = found(machine(cwd="/"))
    assert (job.kind, job.id, job.starts, job.enabled) == ("ghostfix", "run web", (501,), True)
    assert (job.link.kind, job.restarts_on_exit, job.guarded) == (LinkKind.OWNS_PROCESS, True, True)


def test_it_is_found_while_it_waits_to_start_one() -> None:
    (job,) = found(machine(instance=False))
    assert (job.starts, job.link.kind) == ((), LinkKind.RUNS)


@pytest.mark.parametrize(
    "argv",
    [
        ("ghostfix", "run", "web"),
        ("ghostfix", "run", "other", "--restart", "always"),
        ("ghostfix", "diagnose", "web"),
        ("vi", "ghostfix", "run", "web", "--restart"),
    ],
)
def test_what_does_not_start_it_again_is_none(argv: tuple[str, ...]) -> None:
    assert found(machine(argv, instance=False)) == ()


def test_a_standby_will_start_it_too_and_does_not_compete() -> None:
    system = machine()
    system.add_process(600, ("ghostfix", "run", "web", "--if-running=wait"), cwd=DIRECTORY)
    _, standby = found(system)
    assert (standby.processes[0].pid, standby.trigger) == (600, "when whoever runs has ended")
    assert len(managers(survey(system, SERVICE))) == 1


def test_elsewhere_it_is_another_service_of_that_name() -> None:
    assert found(machine(instance=False, cwd="/srv/other")) == ()


def test_no_watchdog_is_seen_in_it() -> None:
    system = machine()
    assert watchdogs(system, SERVICE, ProcessTree(system.processes().value)).value == ()


def test_it_is_held_as_a_loop_is() -> None:
    (job,) = found(machine())
    assert [type(step) for step in RESTARTER.hold(job, "x")] == [HoldWatchdog, StopWatchdog]


def test_it_is_no_rogue_and_no_competitor() -> None:
    snapshot = survey(machine(), SERVICE)
    assert len(managers(snapshot)) == 1
    assert unwanted_restarters(snapshot, SERVICE) == ()
    assert rogue_restarter.find(snapshot, SERVICE) == ()


def test_it_is_held_where_its_instance_cannot_stay() -> None:
    """Or it would start a second one beside the one that a repair starts."""
    ported = Service(
        name="web", profile=SERVICE.profile, directory=DIRECTORY, module="shop.web", ports=(8000,)
    )
    system = machine()
    snapshot = survey(system, ported)
    assert [job.kind for job in unwanted_restarters(snapshot, ported)] == ["ghostfix"]
    assert rogue_restarter.find(snapshot, ported) == ()
