"""The four checks of logs: each exception is reported by exactly one of them."""

import pytest

from ghostfix.checks import log_address_in_use, log_missing_module, log_none_comparison, traceback_in_log
from ghostfix.finding import Check, Severity
from ghostfix.reading import Confidence
from ghostfix.snapshot import LoggedError
from tests.checks.builders import (
    LOG,
    NONE_COMPARED,
    error,
    ghost_service,
    kinds,
    listener,
    log,
    machine,
    only,
    runner,
)

CHECKS = (
    log_none_comparison.CHECK,
    log_address_in_use.CHECK,
    log_missing_module.CHECK,
    traceback_in_log.CHECK,
)
KNOWN = [
    (error("TypeError", NONE_COMPARED), log_none_comparison.CHECK),
    (
        error("TypeError", "'<=' not supported between instances of 'int' and 'NoneType'"),
        log_none_comparison.CHECK,
    ),
    (error("OSError", "[Errno 98] Address already in use"), log_address_in_use.CHECK),
    (error("OSError", "[Errno 48] Address already in use"), log_address_in_use.CHECK),
    (error("Error", "listen EADDRINUSE: address already in use :::5555"), log_address_in_use.CHECK),
    (error("ModuleNotFoundError", "No module named 'psutil'"), log_missing_module.CHECK),
    (error("Error", "Cannot find module 'express'"), log_missing_module.CHECK),
    (error("TypeError", "'<' not supported between instances of 'str' and 'int'"), traceback_in_log.CHECK),
    (error("KeyError", "'token'"), traceback_in_log.CHECK),
]


@pytest.mark.parametrize(("logged", "expected"), KNOWN)
def test_each_exception_has_one_code(logged: LoggedError, expected: Check) -> None:
    snapshot = machine(runner(100), logs=[log(logged)])
    found = [check.code for check in CHECKS if check.find(snapshot, ghost_service())]
    assert found == [expected.code]


def test_the_incident_s_traceback_goes_on() -> None:
    repeated = error("TypeError", NONE_COMPARED, count=88, place="runner.py:41")
    finding = only(log_none_comparison.CHECK, machine(runner(100), logs=[log(repeated)]))
    assert finding.summary == f"TypeError: {NONE_COMPARED} × 88 in {LOG}"
    assert finding.short == "traceback × 88"
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert "runner.py:41" in finding.cause


def test_two_kinds_in_one_log_are_one_finding() -> None:
    errors = [error("KeyError", "'a'", count=2), error("ValueError", "bad", count=5)]
    finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(*errors)]))
    assert finding.summary == f"ValueError: bad × 5 in {LOG}, and 1 other kind"
    assert finding.short == "traceback × 7"
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    ("logged", "severity"),
    [
        (error(count=1), Severity.WARNING),
        (error(count=5, last=400), Severity.WARNING),
        (error(count=5), Severity.ERROR),
        (error(count=5, last=None), Severity.WARNING),
    ],
    ids=["once", "over", "goes on", "undated"],
)
def test_how_bad_it_is_for_a_service_that_is_well(logged: LoggedError, severity: Severity) -> None:
    finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(logged)]))
    assert finding.severity is severity


def test_once_is_bad_enough_for_a_service_that_is_ill() -> None:
    snapshot = machine(runner(100), listeners=[], logs=[log(error())])
    assert only(traceback_in_log.CHECK, snapshot).severity is Severity.ERROR


def test_an_undated_exception_leaves_a_doubt() -> None:
    finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(error(last=None))]))
    assert finding.confidence is Confidence.POSSIBLE
    assert finding.doubt


@pytest.mark.parametrize(
    ("logged", "age"),
    [(error(last=700), 5), (error(last=None), 700), (error(handled=True), 5)],
    ids=["before the start", "log untouched since", "handled"],
)
def test_these_are_not_about_the_service_as_it_is(logged: LoggedError, age: float) -> None:
    snapshot = machine(runner(100, age=600), logs=[log(logged, age=age)])
    assert traceback_in_log.CHECK.find(snapshot, ghost_service()) == ()


@pytest.mark.parametrize(
    ("before", "counts"),
    [(0.9, False), (0.01, True), (1.0, True), (2.0, False)],
    ids=["dated to the millisecond", "in the tick of the start", "in whole seconds", "in an earlier second"],
)
def test_what_came_just_before_the_start_is_no_fault_of_the_new_instance(before: float, counts: bool) -> None:
    snapshot = machine(runner(100, age=600), logs=[log(error(last=600 + before))])
    assert bool(traceback_in_log.CHECK.find(snapshot, ghost_service())) is counts


def test_without_an_instance_the_last_day_counts() -> None:
    assert only(traceback_in_log.CHECK, machine(logs=[log(error(last=80_000))]))
    assert traceback_in_log.CHECK.find(machine(logs=[log(error(last=90_000))]), ghost_service()) == ()


def test_the_link_of_the_chain_says_who_cannot_bind() -> None:
    in_use = log(error("OSError", "[Errno 98] Address already in use", count=88))
    snapshot = machine(runner(100), runner(101), runner(102), listeners=[listener(5555, 100)], logs=[in_use])
    finding = only(log_address_in_use.CHECK, snapshot)
    assert finding.short == "2 cannot bind 5555 → traceback × 88"
    assert finding.severity is Severity.ERROR


def test_a_port_that_was_in_use_is_over_when_the_service_is_well() -> None:
    in_use = log(error("OSError", "[Errno 98] Address already in use", count=88))
    assert only(log_address_in_use.CHECK, machine(runner(100), logs=[in_use])).severity is Severity.WARNING


def test_a_module_that_the_profile_does_not_require_is_named() -> None:
    logs = [log(error("ModuleNotFoundError", "No module named 'yaml'"))]
    finding = only(log_missing_module.CHECK, machine(runner(100), logs=logs))
    assert "yaml" in finding.cause
    assert "environment.requires" in finding.cause


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_logs_are_not_repaired(check: Check) -> None:
    logged = next(logged for logged, expected in KNOWN if expected is check)
    snapshot = machine(runner(100), logs=[log(logged)])
    assert kinds(check, only(check, snapshot), snapshot) == []
