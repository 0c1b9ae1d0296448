import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.crash_loop import CHECK
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    NOW,
    cron_job,
    error,
    ghost_service,
    log,
    machine,
    only,
    refused,
    runner,
    unit_job,
)

CRASHES = [log(error("KeyError", "'token'", count=5))]


def test_young_instances_a_restarter_and_a_repeated_exception() -> None:
    snapshot = machine(runner(100, age=40), jobs=[unit_job()], logs=CRASHES)
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.LIKELY
    assert finding.doubt
    assert "KeyError" in finding.cause
    assert "5 exceptions in the log" in finding.summary


def test_between_two_starts() -> None:
    snapshot = machine(jobs=[unit_job()], logs=CRASHES, health=refused())
    assert "no instance runs" in only(CHECK, snapshot).summary


def booted_now(snapshot: Snapshot) -> Snapshot:
    return structs.replace(snapshot, host=structs.replace(snapshot.host, boot_time=NOW - 60))


@pytest.mark.parametrize(
    "snapshot",
    [
        machine(runner(100, age=600), jobs=[unit_job()], logs=CRASHES),
        machine(runner(100, age=40), logs=CRASHES),
        machine(runner(100, age=40), jobs=[cron_job()], logs=CRASHES),
        machine(runner(100, age=40), jobs=[unit_job()]),
        machine(runner(100, age=40), jobs=[unit_job()], logs=[log(error(count=2))]),
        machine(jobs=[unit_job()], logs=[log(error(count=9, last=900))]),
        machine(runner(100, age=40), runner(101, age=30), jobs=[unit_job()], logs=CRASHES),
        booted_now(machine(runner(100, age=40), jobs=[unit_job()], logs=CRASHES)),
    ],
    ids=["old", "no restarter", "not on exit", "quiet", "twice", "long ago", "they pile up", "just booted"],
)
def test_these_are_no_loops(snapshot: Snapshot) -> None:
    assert CHECK.find(snapshot, ghost_service()) == ()
