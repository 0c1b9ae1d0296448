"""What runs outside the manager that the profile names."""

import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.unmanaged_instance import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    NOW,
    cron_job,
    ghost_service,
    listener,
    machine,
    only,
    runner,
    unit_job,
)

SERVICE = ghost_service(manager="systemd:ghost.service")
FAILED = LastEnd(
    kind=EndKind.EXITED,
    manager="systemd",
    job="ghost.service",
    scope="system",
    reported_by="systemctl show",
    words="it exited with status 1",
    at=NOW - 3,
    status=1,
)


def beside(*ends: LastEnd, starts: tuple[int, ...] = (), age: float = 600) -> Snapshot:
    snapshot = machine(
        runner(100, age=age),
        *(runner(pid, age=1) for pid in starts),
        listeners=[listener(5555, 100)],
        jobs=[unit_job(starts=starts)],
    )
    return structs.replace(snapshot, ends=Reading(ends))


@pytest.mark.parametrize(
    "end",
    [
        FAILED,
        structs.replace(FAILED, restarting=True, starts=128),
        structs.replace(FAILED, kind=EndKind.SIGNALLED, status=None, signal="KILL", given_up=True),
        structs.replace(FAILED, status=0, restarting=True, starts=4),
    ],
    ids=["failed", "looping", "given up", "exits with 0 for ever"],
)
def test_one_that_serves_while_its_unit_fails_is_stopped_and_the_unit_started(end: LastEnd) -> None:
    snapshot = beside(end)
    finding = only(CHECK, snapshot, SERVICE)
    assert finding.severity is Severity.ERROR
    assert finding.summary == (
        "pid 100 of ghost runs outside systemd ghost.service, which cannot start its own"
    )
    assert end.words in finding.cause
    steps = CHECK.repair(finding, snapshot, SERVICE)
    assert [step.kind for step in steps] == ["stop-process", "restart-unit"]
    assert steps[0].pins()[0].pid == 100


def test_the_moment_in_which_the_unit_s_own_lives_changes_nothing() -> None:
    looping = structs.replace(FAILED, restarting=True, starts=67)
    assert only(CHECK, beside(looping, starts=(101,)), SERVICE).severity is Severity.ERROR


@pytest.mark.parametrize(
    "ends", [(), (structs.replace(FAILED, kind=EndKind.STOPPED),)], ids=["never", "stopped"]
)
def test_one_beside_a_unit_that_merely_does_not_run_is_a_warning_without_steps(
    ends: tuple[LastEnd, ...],
) -> None:
    snapshot = beside(*ends)
    finding = only(CHECK, snapshot, SERVICE)
    assert finding.severity is Severity.WARNING
    assert CHECK.repair(finding, snapshot, SERVICE) == ()


def test_what_the_manager_runs_is_well() -> None:
    snapshot = machine(runner(100), listeners=[listener(5555, 100)], jobs=[unit_job(starts=(100,))])
    assert CHECK.find(snapshot, SERVICE) == ()


def test_cron_knows_no_processes_and_has_none_outside() -> None:
    snapshot = machine(runner(100), listeners=[listener(5555, 100)], jobs=[cron_job()])
    assert CHECK.find(snapshot, ghost_service(manager="cron")) == ()
