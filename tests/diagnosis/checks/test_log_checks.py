"""The four checks of logs: each exception is reported by exactly one of them."""

import pytest
from msgspec import structs

from ghostfix.diagnosis.checks import (
    log_address_in_use,
    log_missing_module,
    log_none_comparison,
    traceback_in_log,
)
from ghostfix.model.finding import Check, Severity
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import LoggedError, Reason
from tests.diagnosis.checks.builders import (
    HOME,
    LOG,
    NONE_COMPARED,
    NOW,
    VENV,
    ending_with,
    error,
    ghost_service,
    kinds,
    listener,
    log,
    machine,
    only,
    process,
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
    assert finding.short == f"TypeError: {NONE_COMPARED} at runner.py:41 × 88"
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert "runner.py:41" in finding.cause


def test_two_kinds_in_one_log_are_one_finding() -> None:
    errors = [error("KeyError", "'a'", count=2), error("ValueError", "bad", count=5)]
    finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(*errors)]))
    assert finding.summary == f"ValueError: bad × 5 in {LOG}, and 1 other kind"
    assert finding.short == "ValueError: bad × 7"
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
    assert finding.short == "2 cannot bind 5555 → address in use × 88"
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


IN_USE = error("", "bind() failed", reason=Reason.ADDRESS_IN_USE, about="0.0.0.0:5555", last=4)


def test_what_the_service_got_past_is_only_mentioned() -> None:
    older = error("OSError", "[Errno 98] Address already in use", last=3600)
    snapshot = machine(logs=[ending_with(error("KeyError", "'db'", last=20), older)])
    assert only(log_address_in_use.CHECK, snapshot).severity is Severity.INFO
    finding = only(traceback_in_log.CHECK, snapshot)
    assert (finding.severity, finding.short) == (Severity.ERROR, "KeyError 'db'")


def test_the_end_of_the_log_that_was_written_last_counts() -> None:
    older = ending_with(error("KeyError", "'db'", last=500), path=f"{HOME}/a.log", age=500)
    newer = ending_with(error("ValueError", "bad", last=20), path=f"{HOME}/b.log", age=20)
    found = traceback_in_log.CHECK.find(machine(logs=[newer, older]), ghost_service())
    assert [(finding.subject.name, finding.severity) for finding in found] == [
        (f"{HOME}/b.log", Severity.ERROR),
        (f"{HOME}/a.log", Severity.INFO),
    ]


def test_while_it_runs_a_last_record_that_may_mean_nothing_is_no_finding() -> None:
    quiet = structs.replace(log(), ending=error("", "permission denied", reason=Reason.PERMISSION_DENIED))
    snapshot = machine(runner(100), logs=[quiet])
    assert all(check.find(snapshot, ghost_service()) == () for check in CHECKS)
    assert only(traceback_in_log.CHECK, machine(logs=[quiet])).short == "permission denied"


@pytest.mark.parametrize("about", ["0.0.0.0:5555", None])
def test_an_address_in_use_is_no_error_while_the_port_is_free(about: str | None) -> None:
    logs = [ending_with(structs.replace(IN_USE, about=about))]
    taken = machine(process(9, "nc"), listeners=[listener(5555, 9)], logs=logs)
    assert only(log_address_in_use.CHECK, taken).severity is Severity.ERROR
    free = only(log_address_in_use.CHECK, machine(listeners=[], logs=logs))
    assert (free.severity, free.short) == (Severity.WARNING, f"could not bind {about or 5555}")
    assert "now nobody has it" in free.cause


def test_whether_a_socket_in_the_file_system_is_free_is_not_known() -> None:
    logs = [ending_with(structs.replace(IN_USE, about="/run/ghost.sock"))]
    assert only(log_address_in_use.CHECK, machine(listeners=[], logs=logs)).severity is Severity.ERROR


def test_another_instance_is_named_and_looked_for() -> None:
    said = error("", "httpd (pid 2490) already running", reason=Reason.ALREADY_RUNNING, about="pid 2490")
    finding = only(traceback_in_log.CHECK, machine(logs=[ending_with(said)]))
    assert finding.short == "another instance runs (pid 2490)"
    assert finding.cause.endswith("No process has the PID 2490 now.")
    there = only(traceback_in_log.CHECK, machine(process(2490, "httpd"), logs=[ending_with(said)]))
    assert "No process" not in there.cause


@pytest.mark.parametrize(
    ("logged", "headline"),
    [
        (error("KeyError", "'URL'", place=f"{HOME}/app.py:2"), "KeyError 'URL' at app.py:2"),
        (error("KeyError", "'URL'", place="/elsewhere/app.py:2"), "KeyError 'URL' at /elsewhere/app.py:2"),
        (error("E", "a → b", place=f"{VENV}/lib/python3.12/site-packages/x/y.py:2"), "E: a -> b"),
        (error("ValueError", "", count=3), "ValueError × 3"),
        (error("", "x.sh: 3: y: not found", place="x.sh:3"), "x.sh: 3: y: not found"),
        (error("E", "x" * 300), f"E: {'x' * 97}…"),
    ],
)
def test_the_headline_names_the_exception_and_the_user_s_own_line(logged: LoggedError, headline: str) -> None:
    assert only(traceback_in_log.CHECK, machine(runner(100), logs=[log(logged)])).short == headline


def test_only_what_came_since_the_start_is_counted() -> None:
    logged = error("KeyError", "'a'", count=79, since_start=4)
    finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(logged)]))
    assert finding.short == "KeyError 'a' × 4"


def test_an_undated_error_after_a_line_since_the_start_leaves_no_doubt() -> None:
    for after, doubt in ((100, False), (900, True)):
        logged = error("KeyError", "'a'", last=None, after=NOW - after)
        finding = only(traceback_in_log.CHECK, machine(runner(100), logs=[log(logged)]))
        assert (finding.doubt is not None) is doubt


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        (error("Error", "Cannot find module 'express'"), "does not find express"),
        (
            error("", "Can't locate A/B.pm in @INC", reason=Reason.MISSING_MODULE, about="A/B.pm"),
            "does not find A/B.pm",
        ),
        (error("ModuleNotFoundError", "No module named 'yaml'"), "lacks yaml"),
    ],
)
def test_a_missing_module_of_any_language(logged: LoggedError, words: str) -> None:
    assert words in only(log_missing_module.CHECK, machine(logs=[ending_with(logged)])).cause


def test_an_error_that_much_was_written_after_did_not_end_the_service() -> None:
    went_on = structs.replace(log(error("KeyError", "'db'", last=500)), last_lines=("served", "served"))
    assert only(traceback_in_log.CHECK, machine(logs=[went_on])).severity is Severity.INFO
    assert only(traceback_in_log.CHECK, machine(runner(100), logs=[went_on])).severity is not Severity.INFO
