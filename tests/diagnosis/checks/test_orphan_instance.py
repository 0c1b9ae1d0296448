from msgspec import structs

from ghostfix.diagnosis.checks.orphan_instance import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    detail,
    ghost_service,
    kinds,
    listener,
    machine,
    marked,
    only,
    runner,
    worker,
)


def test_a_reloader_s_child_whose_reloader_was_killed() -> None:
    orphan = marked(runner(101, group=100), WERKZEUG_RUN_MAIN="true")
    snapshot = machine(orphan)
    finding = only(CHECK, snapshot)
    assert finding.summary == "pid 101 outlived its parent and keeps port 5555"
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.LIKELY)
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_a_marked_process_that_leads_its_own_group_is_no_orphan() -> None:
    leader = marked(runner(101), WERKZEUG_RUN_MAIN="true")
    assert CHECK.find(machine(leader), ghost_service()) == ()


def test_workers_that_share_a_socket_and_have_no_parent() -> None:
    workers = [runner(101 + number, group=100) for number in range(3)]
    snapshot = machine(*workers, listeners=[listener(5555, 101, 102, 103, inode=9)])
    findings = CHECK.find(snapshot, ghost_service())
    assert [finding.subject.name for finding in findings] == ["101", "102", "103"]
    assert all(finding.confidence is Confidence.CERTAIN for finding in findings)


def test_instances_with_a_socket_each_are_no_orphans() -> None:
    listeners = [listener(5555, 101, inode=8), listener(5555, 102, inode=9)]
    assert CHECK.find(machine(runner(101), runner(102), listeners=listeners), ghost_service()) == ()


def test_a_spawned_worker_that_keeps_the_port() -> None:
    snapshot = machine(worker(101))
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.LIKELY
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_a_spawned_worker_without_a_port_is_only_named() -> None:
    snapshot = machine(runner(100), worker(101))
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert kinds(CHECK, finding, snapshot) == []


def test_workers_of_others_are_left_alone() -> None:
    below = worker(101, ppid=100)
    elsewhere = worker(102, cwd="/srv/other")
    other_venv = worker(103, prefix="/opt/other")
    container = structs.replace(worker(104), detail=detail(container="abc"))
    assert CHECK.find(machine(runner(100), below, elsewhere, other_venv, container), ghost_service()) == ()
