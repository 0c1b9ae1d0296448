import pytest
from msgspec import structs

from ghostfix.diagnosis.instance_to_keep import instance_to_keep, instances_to_keep
from ghostfix.model.job import Job
from ghostfix.model.process import ProcessState
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import HttpAnswer, Snapshot, VenvState
from tests.diagnosis.checks.builders import (
    answered,
    cron_job,
    ghost_service,
    listener,
    machine,
    marked,
    process,
    refused,
    runner,
    unit_job,
    venv,
    watchdog_job,
    zombies,
)


def pid_of(snapshot: Snapshot) -> int | None:
    kept = instance_to_keep(snapshot, ghost_service())
    return None if kept is None else kept.root.pid


@pytest.mark.parametrize(
    ("snapshot", "kept"),
    [
        (machine(runner(100)), 100),
        (machine(runner(100), runner(101), listeners=[listener(5555, 101)]), 101),
        (machine(runner(100, prefix="/usr"), runner(101)), None),
        (machine(runner(100), listeners=[]), None),
        (machine(runner(100), health=refused()), None),
        (machine(runner(100), health=answered(actual='"down"')), None),
        (machine(runner(100), venv_=venv(missing=("psutil",))), None),
        (machine(runner(100), venv_=venv(VenvState.BROKEN)), None),
        (machine(runner(100, state=ProcessState.STOPPED)), None),
        (machine(runner(100), *zombies(11, ppid=100)), None),
        (machine(runner(100), webhook=HttpAnswer(url="http://x/", status=500)), None),
        (machine(runner(100), webhook=HttpAnswer(url="http://x/", status=404)), 100),
        (machine(marked(runner(100, group=50), WERKZEUG_RUN_MAIN="true")), None),
        (machine(runner(100, age=1), listeners=[], health=refused()), 100),
        (machine(), None),
    ],
    ids=[
        "the only one",
        "the one that listens",
        "from another Python",
        "listens on nothing",
        "does not answer",
        "is degraded",
        "lacks a package",
        "its venv is broken",
        "is stopped",
        "does not reap",
        "fails its webhook",
        "refuses a document",
        "an orphan",
        "was just started",
        "none runs",
    ],
)
def test_which_may_stay(snapshot: Snapshot, kept: int | None) -> None:
    assert pid_of(snapshot) == kept


@pytest.mark.parametrize(
    ("jobs", "kept"),
    [
        ([cron_job(starts=(100,)), cron_job("alice:8", line=8)], 100),
        ([unit_job(starts=(100,)), cron_job()], None),
        ([unit_job(starts=(100,), confidence=Confidence.POSSIBLE), cron_job()], 100),
        ([unit_job(starts=(100,))], 100),
        ([unit_job(starts=(100,), enabled=False), cron_job()], 100),
        ([watchdog_job(pids=[50]), cron_job()], None),
    ],
    ids=["cron ends nothing", "a unit ends it", "a possibility", "at peace", "disabled", "below a loop"],
)
def test_one_that_ends_when_its_restarter_is_held_cannot_stay(jobs: list[Job], kept: int | None) -> None:
    loop = process(50, "bash", "watchdog.sh")
    parent = 50 if jobs[0].kind == "watchdog" else 1
    assert pid_of(machine(runner(100, ppid=parent), loop, jobs=jobs)) == kept


def test_the_manager_s_own_comes_before_an_older_one() -> None:
    service = ghost_service(manager="systemd:ghost.service", ports=())
    snapshot = machine(runner(100, age=900), runner(101, age=60), jobs=[unit_job(starts=(101,))])
    kept = instance_to_keep(snapshot, service)
    assert kept is not None
    assert kept.root.pid == 101


def test_as_many_as_are_wanted() -> None:
    snapshot = machine(runner(100), runner(101), runner(102))
    assert [each.root.pid for each in instances_to_keep(snapshot, ghost_service(instances=2))] == [100, 101]


def test_sockets_that_could_not_all_be_seen_do_not_condemn() -> None:
    snapshot = machine(runner(100), listeners=[])
    unsure = structs.replace(snapshot.listeners, complete=False, problem="not permitted")
    assert pid_of(structs.replace(snapshot, listeners=unsure)) == 100
