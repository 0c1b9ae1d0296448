import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.mismatched_pidfile import CHECK
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import (
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    pidfile,
    runner,
    worker,
)


def test_an_instance_that_does_not_serve() -> None:
    snapshot = machine(runner(100), runner(101), pidfiles=[pidfile(101)])
    finding = only(CHECK, snapshot)
    assert "names pid 101, which does not serve; pid 100 serves" in finding.summary
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "remove-pidfile"]


def test_a_worker_that_does_not_listen() -> None:
    snapshot = machine(runner(100), worker(101, ppid=100), pidfiles=[pidfile(101)])
    finding = only(CHECK, snapshot)
    assert kinds(CHECK, finding, snapshot) == [], "the instance stays, and so does its file"


def test_an_orphan_beside_an_instance() -> None:
    snapshot = machine(runner(100), worker(101), pidfiles=[pidfile(101)])
    only(CHECK, snapshot)


@pytest.mark.parametrize(
    "snapshot",
    [
        machine(runner(100), runner(101), pidfiles=[pidfile(100)]),
        machine(runner(100), runner(101, ppid=100), pidfiles=[pidfile(101)]),
        machine(runner(100), worker(101, ppid=100), pidfiles=[pidfile(101)], listeners=[listener(5555, 101)]),
        machine(runner(100), runner(101), pidfiles=[pidfile(101)], listeners=[]),
        machine(runner(100), pidfiles=[pidfile(4711)]),
    ],
    ids=["serves", "a reloader's child", "a worker that listens", "nobody serves", "nobody's"],
)
def test_these_match(snapshot: Snapshot) -> None:
    assert CHECK.find(snapshot, ghost_service()) == ()


def test_the_files_of_several_wanted_instances_match() -> None:
    service = structs.replace(ghost_service(), instances=2)
    assert CHECK.find(machine(runner(100), runner(101), pidfiles=[pidfile(101)]), service) == ()
