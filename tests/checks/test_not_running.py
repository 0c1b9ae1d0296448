from ghostfix.checks.not_running import CHECK
from ghostfix.finding import Severity
from ghostfix.reading import Confidence
from tests.checks.builders import answered, error, ghost_service, kinds, log, machine, only, process, refused


def test_no_process_of_the_service() -> None:
    snapshot = machine(process(50, "vim", "gpt_cursor_runner/main.py"), listeners=[], health=refused())
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.ERROR
    assert finding.summary == "no process of ghost runs in /srv/ghost"
    assert kinds(CHECK, finding, snapshot) == ["start-service"]


def test_the_log_says_why() -> None:
    snapshot = machine(health=refused(), logs=[log(error("OSError", "disk on fire"))])
    assert "OSError: disk on fire" in only(CHECK, snapshot).cause


def test_one_that_answers_though_it_is_not_seen_is_not_started_again() -> None:
    snapshot = machine(health=answered())
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.POSSIBLE)
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == []


def test_a_manager_starts_its_service_itself() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(health=refused())
    finding = only(CHECK, snapshot, service)
    assert "systemd:ghost.service" in finding.cause
    assert kinds(CHECK, finding, snapshot, service) == []


def test_processes_that_could_not_be_read_are_not_absent() -> None:
    assert CHECK.find(machine(complete=False, health=refused()), ghost_service()) == ()


def test_a_service_that_should_not_run() -> None:
    assert CHECK.applies(ghost_service(instances=0)) == "the profile wants no running instance"
