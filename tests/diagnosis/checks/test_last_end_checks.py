"""The checks of how a job came to its last end, and what a plan makes of it."""

import pytest
from msgspec import structs

from ghostfix.diagnosis.causes import causes, chain
from ghostfix.diagnosis.checks import (
    CHECKS,
    ended_by_signal,
    failed_to_start,
    given_up,
    not_running,
    unit_not_loadable,
)
from ghostfix.diagnosis.futile_start import futile_start
from ghostfix.diagnosis.judgement import judge
from ghostfix.model.finding import Check, Severity
from ghostfix.model.job import Place
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import Reason, Snapshot, VenvState
from ghostfix.repair.plan import Choices, make_plan
from tests.diagnosis.checks.builders import (
    NOW,
    detail,
    ending_with,
    error,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    process,
    refused,
    runner,
    unit_job,
    venv,
)

SERVICE = ghost_service(manager="systemd:ghost.service", health=None, webhook=None)
UNIT = "/etc/systemd/system/ghost.service"


def end(kind: EndKind = EndKind.NOT_STARTED, **changes: object) -> LastEnd:
    made = LastEnd(
        kind=kind,
        manager="systemd",
        job="ghost.service",
        scope="system",
        reported_by="systemctl show",
        words="its user could not be taken (217/USER): the user nosuch does not exist",
        at=NOW - 20,
        status=217,
        culprit="nosuch",
        place=Place(UNIT, 4, "User=nosuch"),
    )
    return structs.replace(made, **changes)


def after(*ends: LastEnd, snapshot: Snapshot | None = None) -> Snapshot:
    whole = machine(jobs=[unit_job()], health=refused()) if snapshot is None else snapshot
    return structs.replace(whole, ends=Reading(ends))


def test_a_start_that_failed_names_what_is_missing_and_its_line() -> None:
    finding = only(failed_to_start.CHECK, after(end()), SERVICE)
    assert finding.severity is Severity.ERROR
    assert finding.summary == "systemd ghost.service could not be started"
    assert finding.short == "the user nosuch does not exist"
    assert str(finding.evidence[0].place) == f"{UNIT}:4"


def test_the_reason_begins_the_chain() -> None:
    snapshot = after(end(starts=5, given_up=True))
    story = causes(judge(snapshot, SERVICE), snapshot, SERVICE)
    assert chain(story) == "the user nosuch does not exist → 5 starts failed → systemd gave up → not running"


def test_no_start_while_what_it_lacks_is_missing() -> None:
    snapshot = after(end())
    finding = only(not_running.CHECK, snapshot, SERVICE)
    assert finding.cause == f"systemd ghost.service: {end().words}."
    assert kinds(not_running.CHECK, finding, snapshot, SERVICE) == []
    assert any("no start is planned" in each.text for each in finding.evidence)


def test_a_start_once_nothing_is_missing_any_more() -> None:
    snapshot = after(end(culprit=None, given_up=True, starts=5))
    finding = only(not_running.CHECK, snapshot, SERVICE)
    assert kinds(not_running.CHECK, finding, snapshot, SERVICE) == ["restart-unit"]


def test_a_venv_that_the_plan_makes_anew_is_no_reason_against_a_start() -> None:
    broken = machine(jobs=[unit_job()], health=refused(), venv_=venv(VenvState.BROKEN))
    assert futile_start(after(end(culprit="/srv/ghost/.venv/bin/python"), snapshot=broken), SERVICE) is None


def test_what_its_manager_starts_again_by_itself_is_not_restarted() -> None:
    snapshot = after(end(EndKind.SIGNALLED, signal="KILL", restarting=True))
    assert futile_start(snapshot, SERVICE) == "its manager starts it again by itself"
    beside = machine(runner(100), jobs=[unit_job()])
    assert futile_start(after(end(restarting=True), snapshot=beside), SERVICE) is None


@pytest.mark.parametrize("reason", [Reason.MISSING_MODULE, Reason.PERMISSION_DENIED])
def test_what_the_program_itself_lacked_is_no_better_at_its_next_start(reason: Reason) -> None:
    fault = ending_with(error("", "cannot go on", reason=reason))
    exited = end(EndKind.EXITED, words="it exited with status 3", status=3, culprit=None)
    snapshot = after(exited, snapshot=machine(jobs=[unit_job()], health=refused(), logs=[fault]))
    assert futile_start(snapshot, SERVICE) is not None


def test_an_exit_without_a_word_begins_the_chain() -> None:
    finding = only(not_running.CHECK, after(end(EndKind.EXITED, status=4, words="it exited")), SERVICE)
    assert finding.short == "exit status 4 → not running"


def test_a_stop_is_told_as_what_it_is() -> None:
    snapshot = after(end(EndKind.STOPPED, words="systemd was told to stop it"))
    assert only(not_running.CHECK, snapshot, SERVICE).short == "stopped → not running"
    for check in (failed_to_start, ended_by_signal, given_up, unit_not_loadable):
        assert check.CHECK.find(snapshot, SERVICE) == ()


def test_a_signal_and_the_want_of_memory() -> None:
    killed = only(ended_by_signal.CHECK, after(end(EndKind.SIGNALLED, signal="SEGV")), SERVICE)
    assert killed.short == "killed by SIGSEGV"
    assert "native code" in killed.cause
    assert only(ended_by_signal.CHECK, after(end(EndKind.OUT_OF_MEMORY)), SERVICE).short == "out of memory"


def test_a_manager_that_gave_up() -> None:
    finding = only(given_up.CHECK, after(end(given_up=True, starts=5)), SERVICE)
    assert finding.summary == "systemd ghost.service: its manager has given up after 5 restarts"
    assert given_up.CHECK.find(after(end(restarting=True)), SERVICE) == ()


def test_a_unit_that_cannot_be_loaded() -> None:
    words = f"systemd cannot load it (bad-setting): {UNIT}:2: not an absolute path: a.py"
    finding = only(unit_not_loadable.CHECK, after(end(EndKind.NOT_LOADABLE, words=words)), SERVICE)
    assert finding.short == "ghost.service cannot be loaded"
    assert f"{UNIT}:2" in finding.cause


@pytest.mark.parametrize(
    ("check", "kind"),
    [
        (failed_to_start.CHECK, EndKind.REFUSED),
        (ended_by_signal.CHECK, EndKind.SIGNALLED),
        (unit_not_loadable.CHECK, EndKind.NOT_LOADABLE),
    ],
)
def test_beside_an_instance_that_runs_it_is_a_warning(check: Check, kind: EndKind) -> None:
    beside = machine(runner(100), jobs=[unit_job()])
    finding = only(check, after(end(kind, signal="KILL"), snapshot=beside), SERVICE)
    assert finding.severity is Severity.WARNING


def test_the_end_of_another_job_says_nothing_of_this_service() -> None:
    snapshot = after(end(job="other.service"))
    assert [
        each.code for each in CHECKS if each.code == "failed-to-start" and each.find(snapshot, SERVICE)
    ] == []


def taken() -> Snapshot:
    """Nothing runs, and a stranger has the port."""
    stranger = process(70, "/usr/bin/nc", "-l", "5555", detail=detail(None, "/tmp"))
    snapshot = machine(
        stranger, listeners=[listener(5555, 70)], jobs=[unit_job(enabled=False)], health=refused()
    )
    return after(end(EndKind.EXITED, words="it exited with status 1", culprit=None), snapshot=snapshot)


def test_a_port_that_a_stranger_has_begins_the_chain() -> None:
    snapshot = taken()
    assert chain(causes(judge(snapshot, SERVICE), snapshot, SERVICE)).startswith("nc holds 5555 → ")


@pytest.mark.parametrize("evict", [False, True])
def test_a_start_waits_until_the_stranger_may_be_evicted(evict: bool) -> None:
    snapshot = taken()
    made = make_plan(judge(snapshot, SERVICE), CHECKS, snapshot, SERVICE, Choices(evict=evict))
    assert ("restart-unit" in [step.kind for step in made.steps]) is evict
    held = [(each.step.kind, each.option) for each in made.withheld]
    assert (("restart-unit", "--evict") in held) is not evict
