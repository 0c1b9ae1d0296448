import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.port_conflict import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import Listener, Process
from ghostfix.model.reading import Confidence
from ghostfix.service.instance import instances
from tests.diagnosis.checks.builders import (
    detail,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    process,
    refused,
    runner,
    unit_job,
    worker,
)

SHELL = process(80, "bash")
STRANGER = process(300, "nc", "-l", "5555", ppid=80)


def test_a_stranger_is_named_with_its_ancestry_and_evicted_only_on_request() -> None:
    snapshot = machine(runner(100), SHELL, STRANGER, listeners=[listener(5555, 300)])
    finding = only(CHECK, snapshot)
    assert finding.summary == "port 5555 of ghost is held by nc (pid 300)"
    assert finding.short == "nc holds 5555"
    assert any("init (1) → bash (80) → nc (300)" in seen.text for seen in finding.evidence)
    (step,) = CHECK.repair(finding, snapshot, ghost_service())
    assert (step.kind, step.on_request) == ("evict-process", "--evict")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("127.0.0.1", "::1"), ("0.0.0.0", "10.0.0.5"), ("127.0.0.1", "::"), ("::1", "127.0.0.1")],
)
def test_addresses_that_meet(ours: str, theirs: str) -> None:
    listeners = [listener(5555, 100, address=ours), listener(5555, 300, address=theirs)]
    only(CHECK, machine(runner(100), STRANGER, listeners=listeners))


@pytest.mark.parametrize(
    ("holder", "advice"),
    [
        (process(300, "/usr/bin/docker-proxy"), "container"),
        (process(300, "postgres", detail=detail(container="0123456789abcdef")), "container 0123456789ab"),
        (process(300, "systemd", name="systemd"), ""),
    ],
)
def test_what_must_never_be_killed_is_named_with_what_to_do(holder: Process, advice: str) -> None:
    snapshot = machine(runner(100), holder, listeners=[listener(5555, 300)])
    finding = only(CHECK, snapshot)
    assert advice in finding.cause
    assert kinds(CHECK, finding, snapshot) == ([] if advice else ["evict-process"])


def test_who_passed_its_socket_on_is_no_stranger() -> None:
    shared = listener(5555, 1, 100)
    assert CHECK.find(machine(runner(100), listeners=[shared]), ghost_service()) == ()


def test_the_daemon_above_a_cluster_is_no_stranger() -> None:
    daemon = process(90, "PM2 v6.0.14: God Daemon (/root/.pm2)")
    job = unit_job(kind="pm2", id="ghost", starts=(100,), socket_owners=(daemon.id,))
    snapshot = machine(runner(100, ppid=90), daemon, listeners=[listener(5555, 90)], jobs=[job])
    assert CHECK.find(snapshot, ghost_service()) == ()
    assert instances(snapshot, ghost_service())[0].ports == (5555,)


def test_a_manager_that_listens_for_itself_is_a_stranger() -> None:
    supervisor = process(90, "supervisord")
    job = unit_job(kind="supervisord", id="ghost", starts=(100,))
    snapshot = machine(runner(100, ppid=90), supervisor, listeners=[listener(5555, 90)], jobs=[job])
    only(CHECK, snapshot)


def test_airplay_is_named() -> None:
    service = ghost_service(ports=(5000,))
    airplay = process(300, "ControlCenter")
    snapshot = machine(runner(100), airplay, listeners=[listener(5000, 300, address="*")])
    finding = only(CHECK, snapshot, service)
    assert "AirPlay" in finding.cause
    assert kinds(CHECK, finding, snapshot, service) == []


def test_pid_1_is_never_evicted() -> None:
    snapshot = machine(listeners=[listener(5555, 1)], health=refused())
    assert kinds(CHECK, only(CHECK, snapshot), snapshot) == []


def test_an_owner_that_cannot_be_seen_needs_privilege() -> None:
    snapshot = machine(listeners=[listener(5555, uid=0)], health=refused())
    finding = only(CHECK, snapshot)
    assert "owner unknown; needs privilege" in finding.summary
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.POSSIBLE)
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == []


def test_a_hidden_owner_is_not_blamed_where_an_instance_may_be_hidden_too() -> None:
    """Such as an ordinary user who looks at a service of root's."""
    unseen = machine(listeners=[listener(5555, uid=0)], health=refused(), complete=False)
    assert CHECK.find(unseen, ghost_service()) == ()
    seen = machine(runner(100), listeners=[listener(5555, 100), listener(5555, uid=0)], complete=False)
    assert only(CHECK, seen).severity is Severity.WARNING


def test_a_hidden_owner_beside_an_instance_that_listens_is_a_warning() -> None:
    snapshot = machine(runner(100), listeners=[listener(5555, 100), listener(5555, address="::1", uid=0)])
    assert only(CHECK, snapshot).severity is Severity.WARNING


def test_an_owner_that_vanished_is_a_possibility() -> None:
    snapshot = machine(runner(100), listeners=[listener(5555, 100), listener(5555, 4711)])
    assert only(CHECK, snapshot).confidence is Confidence.POSSIBLE


@pytest.mark.parametrize(
    "listeners",
    [
        [listener(5555, 100)],
        [listener(5555, 101)],
        [listener(5555, 100), listener(8080, 300)],
        [listener(5555, 100, address="127.0.0.1"), listener(5555, 300, address="10.0.0.5")],
        [],
    ],
    ids=["ours", "an orphan of ours", "another port", "another address", "nobody"],
)
def test_these_are_no_conflict(listeners: list[Listener]) -> None:
    snapshot = machine(runner(100), worker(101), STRANGER, listeners=listeners)
    assert CHECK.find(snapshot, ghost_service()) == ()


def test_the_same_program_from_another_folder_is_a_stranger() -> None:
    other = runner(300, cwd="/srv/other", prefix="/srv/other/.venv")
    snapshot = machine(other, listeners=[listener(5555, 300)], health=refused())
    assert "pid 300" in only(CHECK, structs.replace(snapshot)).summary
