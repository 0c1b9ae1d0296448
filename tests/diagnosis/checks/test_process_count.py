import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.process_count import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import GroupTasks
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


def test_the_incident_s_number_is_a_count_against_a_limit() -> None:
    snapshot = machine(runner(100), process(300, "chrome"), resources_=resources(process_count=1252))
    finding = only(CHECK, snapshot)
    assert finding.summary == "1252 processes, 417 % of the limit of 300"
    assert finding.short == "1252 processes"
    assert finding.severity is Severity.WARNING, "the service's two processes do not make the difference"
    assert "1 of them belong to ghost" in finding.cause
    assert any(seen.text == "chrome × 1" for seen in finding.evidence)
    assert kinds(CHECK, finding, snapshot) == []


def test_it_is_an_error_when_the_service_makes_the_difference() -> None:
    crowd = zombies(30, ppid=100)
    snapshot = machine(runner(100), *crowd, resources_=resources(process_count=310))
    assert only(CHECK, snapshot).severity is Severity.ERROR


def test_the_kernel_s_limit_for_the_user_is_near() -> None:
    near = resources(user_process_count=95, user_process_limit=100)
    finding = only(CHECK, machine(runner(100), resources_=near))
    assert finding.severity is Severity.ERROR
    assert finding.summary == "95 tasks of user alice, 95 % of the limit of 100 that the kernel sets"


def test_the_user_is_the_one_as_whom_the_service_runs() -> None:
    """Its threads count, and what whoever looks may run does not matter."""
    ran = runner(100, uid=33, user="www-data", threads=40, task_limit=64)
    mate = structs.replace(process(101, "php"), uid=33, user="www-data", threads=20)
    looked = resources(user_process_count=5, user_process_limit=5000)
    finding = only(CHECK, machine(ran, mate, resources_=looked))
    assert finding.summary == "60 tasks of user www-data, 94 % of the limit of 64 that the kernel sets"
    assert any("2 of user www-data with 60 threads" in seen.text for seen in finding.evidence)
    roomy = machine(runner(100, uid=33, user="www-data", threads=40, task_limit=640), resources_=looked)
    assert CHECK.find(roomy, ghost_service()) == ()


@pytest.mark.parametrize(("count", "found"), [(57, False), (58, True)])
def test_the_limit_of_its_control_group_is_near(count: int, found: bool) -> None:
    ran = runner(100, group_tasks=GroupTasks(count, 64))
    findings = CHECK.find(machine(ran, resources_=resources()), ghost_service())
    assert [each.severity for each in findings] == ([Severity.ERROR] if found else [])
    assert all("tasks in its control group" in each.summary for each in findings)


def test_the_machine_has_nearly_no_pid_left() -> None:
    busy = machine(runner(100, threads=500), resources_=resources(task_limit=550))
    assert only(CHECK, busy).summary.endswith(
        "tasks on the machine, 91 % of the limit of 550 that the kernel sets"
    )


@pytest.mark.parametrize("count", [0, 299, 300])
def test_within_the_limit(count: int) -> None:
    assert CHECK.find(machine(resources_=resources(process_count=count)), ghost_service()) == ()
