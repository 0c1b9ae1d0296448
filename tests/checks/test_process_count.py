import pytest

from ghostfix.checks.process_count import CHECK
from ghostfix.finding import Severity
from tests.checks.builders import ghost_service, kinds, machine, only, process, resources, runner, zombies


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
    assert finding.summary == "95 of this user, 95 % of the limit of 100 that the kernel sets"


@pytest.mark.parametrize("count", [0, 299, 300])
def test_within_the_limit(count: int) -> None:
    assert CHECK.find(machine(resources_=resources(process_count=count)), ghost_service()) == ()
