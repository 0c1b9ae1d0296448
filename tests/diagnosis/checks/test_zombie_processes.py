from ghostfix.diagnosis.checks.zombie_processes import CHECK
from ghostfix.model.finding import Severity
from tests.diagnosis.checks.builders import (
    ghost_service,
    kinds,
    machine,
    only,
    process,
    resources,
    runner,
    zombies,
)


def test_zombies_of_somebody_else_are_named_and_left_alone() -> None:
    snapshot = machine(
        runner(100), process(300, "builder"), *zombies(31, ppid=300), resources_=resources(zombie_count=31)
    )
    finding = only(CHECK, snapshot)
    assert finding.summary == "31 zombies, 310 % of the limit of 10"
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].text == "pid 300 (builder) does not reap 31"
    assert kinds(CHECK, finding, snapshot) == []


def test_an_instance_that_does_not_reap_is_replaced() -> None:
    snapshot = machine(runner(100), *zombies(31, ppid=100), resources_=resources(zombie_count=31))
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.ERROR
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_pid_1_that_does_not_reap() -> None:
    snapshot = machine(runner(100), *zombies(31, ppid=1), resources_=resources(zombie_count=31))
    assert "run an init" in only(CHECK, snapshot).evidence[0].text


def test_a_few_are_normal() -> None:
    snapshot = machine(runner(100), *zombies(10, ppid=100), resources_=resources(zombie_count=10))
    assert CHECK.find(snapshot, ghost_service()) == ()
