import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.flapping import CHECK
from ghostfix.diagnosis.judgement import judge
from ghostfix.model.finding import Outcome, Severity
from ghostfix.model.observation import Observation, Respawn
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    NOW,
    ghost_service,
    kinds,
    machine,
    only,
    process,
    runner,
    unit_job,
)

LOOP = process(80, "sh", "loop.sh")
UNIT = unit_job(starts=(102,))


def watched(*, started: tuple[Process, ...] = (), ended: tuple[Process, ...] = ()) -> Snapshot:
    respawns = tuple(Respawn(process=each, ancestors=(LOOP,), seen_at=NOW) for each in started)
    observation = Observation(seconds=5.0, respawns=respawns, ended=tuple(each.id for each in ended))
    return structs.replace(machine(runner(102), jobs=[UNIT]), observation=Reading(observation))


def test_one_that_ends_and_is_started_again_is_an_error_that_names_the_starter() -> None:
    snapshot = watched(started=(runner(101), runner(102)), ended=(runner(100), runner(101)))
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.ERROR
    assert finding.summary == (
        "ghost does not stay up: in 5 s of watching 2 instances ended and 2 were started"
    )
    assert finding.cause == f"Started by sh (pid 80) and systemd {UNIT.id}."
    assert kinds(CHECK, finding, snapshot) == []


@pytest.mark.parametrize(
    ("snapshot", "told"),
    [
        (watched(started=(runner(101),)), "1 instance was started"),
        (watched(ended=(runner(101),)), "1 instance ended"),
    ],
    ids=["started", "ended"],
)
def test_one_of_the_two_alone_is_a_warning(snapshot: Snapshot, told: str) -> None:
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.WARNING
    assert finding.summary.endswith(f"in 5 s of watching {told}")


def test_one_that_stays_up_is_not_flagged() -> None:
    assert CHECK.find(watched(), ghost_service()) == ()


def test_it_is_not_applicable_where_nobody_watched() -> None:
    (result,) = judge(machine(runner(100)), ghost_service(), only=["flapping"])
    assert (result.outcome, result.unread) == (Outcome.SKIPPED, False)
    assert result.reason == "not watched; --observe 10s watches it"
