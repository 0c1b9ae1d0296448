"""A service that its manager starts at the first connection: idle and well, or kept from its own port."""

import pytest
from msgspec import structs

from ghostfix.diagnosis.checks import not_running, port_conflict
from ghostfix.diagnosis.judgement import judge, verdict
from ghostfix.model.finding import Severity
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from ghostfix.model.report import Verdict
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    NOW,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    process,
    unit_job,
)

SERVICE = ghost_service(manager="systemd:ghost.service", webhook=None)
SYSTEMD = process(1, "systemd", ppid=0)
FAILED = LastEnd(
    kind=EndKind.EXITED,
    manager="systemd",
    job="ghost.service",
    scope="system",
    reported_by="systemctl show",
    words="it exited with status 1",
    at=NOW - 3,
    status=1,
    given_up=True,
    starts=5,
)


def socket(**changes: object) -> Job:
    made = structs.replace(unit_job("ghost.socket"), keeps_socket=True, restarts_on_exit=False)
    return structs.replace(made, command="starts ghost.service", **changes)


def kept(*ends: LastEnd, jobs: tuple[Job, ...]) -> Snapshot:
    snapshot = machine(SYSTEMD, listeners=[listener(5555, 1)], jobs=[unit_job(), *jobs])
    return structs.replace(snapshot, ends=Reading(ends))


def test_one_that_sleeps_until_its_first_connection_is_well() -> None:
    snapshot = kept(jobs=(socket(),))
    results = judge(snapshot, SERVICE)
    found = [finding for result in results for finding in result.findings]
    assert [each for each in found if each.severity is Severity.ERROR] == []
    assert verdict(results, snapshot, SERVICE) is Verdict.HEALTHY
    assert {result.check: result.reason for result in results}["health-unreachable"] == (
        "it sleeps until its first connection, and to ask would be one"
    )


@pytest.mark.parametrize(
    ("ends", "jobs"),
    [((FAILED,), (socket(),)), ((), (socket(enabled=False),)), ((), ())],
    ids=["it failed to start", "the socket unit is stopped", "nothing keeps the port for it"],
)
def test_one_that_cannot_be_woken_is_down(ends: tuple[LastEnd, ...], jobs: tuple[Job, ...]) -> None:
    snapshot = kept(*ends, jobs=jobs)
    assert verdict(judge(snapshot, SERVICE), snapshot, SERVICE) is Verdict.DOWN


def test_a_program_that_binds_beside_its_socket_unit_is_told_who_has_the_port_and_not_started_again() -> None:
    snapshot = kept(FAILED, jobs=(socket(),))
    conflict = only(port_conflict.CHECK, snapshot, SERVICE)
    assert "systemd (pid 1) for ghost.socket" in conflict.summary
    assert "stop and disable ghost.socket" in conflict.cause
    down = only(not_running.CHECK, snapshot, SERVICE)
    assert kinds(not_running.CHECK, down, snapshot, SERVICE) == []
    assert any("ghost.socket keeps port 5555" in evidence.text for evidence in down.evidence)
