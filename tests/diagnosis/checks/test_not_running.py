from msgspec import structs

from ghostfix.diagnosis.checks.not_running import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    HOME,
    LOG,
    answered,
    ending_with,
    error,
    ghost_service,
    kinds,
    log,
    machine,
    only,
    process,
    refused,
)


def test_no_process_of_the_service() -> None:
    snapshot = machine(process(50, "vim", "gpt_cursor_runner/main.py"), listeners=[], health=refused())
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.ERROR
    assert finding.summary == "no process of ghost runs in /srv/ghost"
    assert kinds(CHECK, finding, snapshot) == ["start-service"]


def test_the_log_says_why() -> None:
    ended = error("OSError", "disk on fire", place=f"{HOME}/app.py:7")
    snapshot = machine(health=refused(), logs=[ending_with(ended)])
    finding = only(CHECK, snapshot)
    assert finding.cause == "It ended, and its log says why: OSError: disk on fire at app.py:7."
    assert [each.text for each in finding.evidence][-2:] == [
        f"the end of {LOG}, written 5 s before this look:",
        "| OSError: disk on fire",
    ]


def test_a_sentence_of_the_log_ends_with_one_full_stop() -> None:
    told = error("", "Port 5555 was already in use.")
    finding = only(CHECK, machine(health=refused(), logs=[ending_with(told)]))
    assert finding.cause == "It ended, and its log says why: Port 5555 was already in use."


def test_its_log_is_quoted_where_nothing_in_it_is_understood() -> None:
    silent = structs.replace(log(), last_lines=("good night", "bye"))
    finding = only(CHECK, machine(health=refused(), logs=[silent]))
    assert [each.text for each in finding.evidence][-2:] == ["| good night", "| bye"]
    assert "its log says why" not in finding.cause


def test_what_it_got_past_is_not_why_it_ended() -> None:
    finding = only(CHECK, machine(health=refused(), logs=[log(error("OSError", "disk on fire"))]))
    assert "disk on fire" not in finding.cause


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
