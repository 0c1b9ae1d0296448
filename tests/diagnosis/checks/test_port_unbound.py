import pytest

from ghostfix.diagnosis.checks.port_unbound import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    answered,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    process,
    refused,
    runner,
    worker,
)


def test_it_runs_and_nobody_listens() -> None:
    snapshot = machine(runner(100), listeners=[], health=refused())
    finding = only(CHECK, snapshot)
    assert finding.summary == "ghost runs (pid 100), but does not listen on port 5555"
    assert finding.severity is Severity.ERROR
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_a_stranger_has_the_port() -> None:
    snapshot = machine(runner(100), process(300, "nc"), listeners=[listener(5555, 300)], health=answered(404))
    assert "nc (pid 300) has the port" in only(CHECK, snapshot).cause


def test_an_instance_that_was_just_started_may_still_come_to_it() -> None:
    snapshot = machine(runner(100, age=2), listeners=[], health=refused())
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert kinds(CHECK, finding, snapshot) == []


@pytest.mark.parametrize(
    "snapshot",
    [
        machine(runner(100)),
        machine(listeners=[], health=refused()),
        machine(runner(100), listeners=[listener(5555)], health=refused()),
        machine(runner(100), listeners=[], health=answered()),
        machine(runner(100), worker(101), listeners=[listener(5555, 101)], health=refused()),
        machine(runner(100), listeners=[listener(5555, 4711)], health=refused()),
    ],
    ids=["listens", "not running", "hidden owner", "answers", "an orphan has it", "an owner not seen"],
)
def test_these_are_not_unbound(snapshot: Snapshot) -> None:
    assert CHECK.find(snapshot, ghost_service()) == ()


def test_each_port_counts() -> None:
    service = ghost_service(ports=(5555, 5556))
    assert only(CHECK, machine(runner(100)), service).subject.name == "5556"
