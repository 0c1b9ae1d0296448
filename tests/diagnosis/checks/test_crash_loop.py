import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.crash_loop import CHECK
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    NOW,
    cron_job,
    ending_with,
    error,
    ghost_service,
    log,
    machine,
    only,
    refused,
    runner,
    unit_job,
    watchdog_job,
)

CRASHES = [log(error("KeyError", "'token'", count=5))]


def test_young_instances_a_restarter_and_a_repeated_exception() -> None:
    snapshot = machine(runner(100, age=40), jobs=[watchdog_job()], logs=CRASHES)
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.LIKELY
    assert finding.doubt
    assert "KeyError" in finding.cause
    assert "5 exceptions in the log" in finding.summary


def test_between_two_starts() -> None:
    snapshot = machine(jobs=[watchdog_job()], logs=CRASHES, health=refused())
    assert "no instance runs" in only(CHECK, snapshot).summary


def booted_now(snapshot: Snapshot) -> Snapshot:
    return structs.replace(snapshot, host=structs.replace(snapshot.host, boot_time=NOW - 60))


@pytest.mark.parametrize(
    "snapshot",
    [
        machine(runner(100, age=600), jobs=[watchdog_job()], logs=CRASHES),
        machine(runner(100, age=40), logs=CRASHES),
        machine(runner(100, age=40), jobs=[cron_job()], logs=CRASHES),
        machine(runner(100, age=40), jobs=[watchdog_job()]),
        machine(runner(100, age=40), jobs=[watchdog_job()], logs=[log(error(count=2))]),
        machine(jobs=[watchdog_job()], logs=[log(error(count=9, last=900))]),
        machine(runner(100, age=40), runner(101, age=30), jobs=[watchdog_job()], logs=CRASHES),
        booted_now(machine(runner(100, age=40), jobs=[watchdog_job()], logs=CRASHES)),
    ],
    ids=["old", "no restarter", "not on exit", "quiet", "twice", "long ago", "they pile up", "just booted"],
)
def test_these_are_no_loops(snapshot: Snapshot) -> None:
    assert CHECK.find(snapshot, ghost_service()) == ()


def ended(**changes: object) -> LastEnd:
    made = LastEnd(
        kind=EndKind.EXITED,
        manager="systemd",
        job="ghost.service",
        reported_by="systemctl show",
        words="it exited with status 4",
        status=4,
        starts=7,
        restarting=True,
    )
    return structs.replace(made, **changes)


def with_end(snapshot: Snapshot, end: LastEnd) -> Snapshot:
    return structs.replace(snapshot, ends=Reading((end,)))


def test_the_managers_count_needs_no_log() -> None:
    finding = only(CHECK, with_end(machine(jobs=[unit_job()], health=refused()), ended()))
    assert (finding.confidence, finding.short) == (Confidence.CERTAIN, "crash loop (7 restarts)")
    assert finding.cause == "It cannot get past this: it exited with status 4."


def test_the_log_says_what_it_cannot_get_past() -> None:
    fault = ending_with(error("KeyError", "'token'"))
    finding = only(CHECK, with_end(machine(jobs=[unit_job()], logs=[fault], health=refused()), ended()))
    assert finding.cause == "It cannot get past this: KeyError 'token'."


def test_starts_that_failed_before_its_own_code() -> None:
    end = ended(kind=EndKind.NOT_STARTED, starts=5, restarting=False, given_up=True)
    assert only(CHECK, with_end(machine(health=refused()), end)).short == "5 starts failed"


@pytest.mark.parametrize(
    "snapshot",
    [
        machine(runner(100, age=40), jobs=[unit_job()], logs=CRASHES),
        with_end(machine(runner(100, age=40)), ended(starts=2)),
        with_end(machine(runner(100, age=600)), ended()),
        with_end(machine(), ended(restarting=False)),
    ],
    ids=["exceptions, and no restart", "twice", "old", "no more"],
)
def test_nothing_that_was_restarted_again_and_again(snapshot: Snapshot) -> None:
    assert CHECK.find(snapshot, ghost_service()) == ()
