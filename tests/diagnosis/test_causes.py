from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.diagnosis.causes import Cause, Reference, causes, chain
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.judgement import judge
from ghostfix.model.finding import CheckResult, Finding, Outcome, Severity, Subject, SubjectKind
from ghostfix.model.job import Job, Place
from ghostfix.model.snapshot import Reason, Snapshot
from tests.diagnosis.checks.builders import (
    HOME,
    cron_job,
    ending_with,
    error,
    ghost_service,
    listener,
    log,
    machine,
    pidfile,
    process,
    refused,
    resources,
    runner,
    unit_job,
    watchdog_job,
    zombies,
)

SERVICE = ghost_service()
SUBJECT = Subject(SubjectKind.SERVICE, "ghost")


def causes_of(snapshot: Snapshot) -> tuple[Cause, ...]:
    return causes(judge(snapshot, SERVICE), snapshot, SERVICE)


def by_code(found: tuple[Cause, ...], code: str) -> Cause:
    return next(cause for cause in found if cause.code == code)


def effects(found: tuple[Cause, ...], code: str) -> set[str]:
    return {effect.code for effect in by_code(found, code).leads_to}


def finding(code: str, subject: Subject = SUBJECT, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code=code, severity=severity, summary=code, cause="", subject=subject, short=code)


def result(*findings: Finding) -> CheckResult:
    return CheckResult(check=findings[0].code, title="", outcome=Outcome.FOUND, findings=findings)


def piled_up(*jobs: Job) -> Snapshot:
    in_use = log(error("OSError", "[Errno 98] Address already in use", count=88))
    return machine(
        runner(100), runner(101), runner(102), listeners=[listener(5555, 100)], jobs=jobs, logs=[in_use]
    )


def test_the_incident_in_one_line() -> None:
    through = cron_job(hops=[Place(f"{HOME}/watchdog.sh", 214, "python -m x &")])
    found = causes_of(piled_up(through))
    assert found[0].code == "rogue-restarter"
    assert (
        chain(found)
        == "cron line 7 → watchdog.sh:214 → 3 instances → 2 cannot bind 5555 → address in use × 88"
    )


def test_a_watchdog_of_its_own_is_not_told_twice() -> None:
    through = cron_job(hops=[Place(f"{HOME}/watchdog.sh", 214, "python -m x &")])
    found = causes_of(piled_up(through, watchdog_job()))
    assert chain(found).startswith("cron line 7 → watchdog.sh:214 → 3 instances → ")
    assert "rogue-restarter" in effects(found, "rogue-restarter")


def test_causes_come_before_their_effects() -> None:
    found = causes_of(piled_up(cron_job(), unit_job()))
    position = {cause.reference: at for at, cause in enumerate(found)}
    assert all(position[cause.reference] < position[effect] for cause in found for effect in cause.leads_to)


def test_a_stranger_on_the_port_led_to_all_the_rest() -> None:
    snapshot = machine(runner(100), process(300, "nc"), listeners=[listener(5555, 300)], health=refused())
    found = causes_of(snapshot)
    assert chain(found) == "nc holds 5555 → cannot bind 5555 → health does not answer"


def test_effects_that_follow_through_another_are_not_named_twice() -> None:
    found = causes_of(
        machine(runner(100), process(300, "nc"), listeners=[listener(5555, 300)], health=refused())
    )
    assert effects(found, "port-conflict") == {"port-unbound"}


def test_a_pid_file_is_a_cause_only_where_a_job_trusts_it() -> None:
    trusting = cron_job(
        hops=[Place(f"{HOME}/watchdog.sh", 9, "kill -0 $(cat pids/ghost.pid) || start")], guarded=True
    )
    snapshot = machine(runner(100), runner(101), jobs=[trusting], pidfiles=[pidfile(4711)])
    assert effects(causes_of(snapshot), "stale-pidfile") == {"duplicate-instance"}
    blind = machine(runner(100), runner(101), jobs=[cron_job()], pidfiles=[pidfile(4711)])
    assert effects(causes_of(blind), "stale-pidfile") == set()


@pytest.mark.parametrize(
    ("message", "blamed"),
    [
        ("Pidfile (run/ghost.pid) already exists", True),
        ("another server runs with pid 777", True),
        ("another server runs with pid 77", False),
        ("cannot lock the database", False),
    ],
)
def test_a_pid_file_is_the_root_of_what_the_program_refused_because_of_it(message: str, blamed: bool) -> None:
    """Where the log itself names the file, or the PID in it; no job need name it."""
    stranger = process(777, "sleep", "99")
    refusal = error("", message, reason=Reason.ALREADY_RUNNING)
    found = causes_of(machine(stranger, pidfiles=[pidfile(777)], logs=[ending_with(refusal)]))
    recycled = [cause for cause in found if cause.code in ("recycled-pidfile", "stale-pidfile")]
    assert len(recycled) == 1
    assert ("traceback-in-log" in {each.code for each in recycled[0].leads_to}) is blamed


def test_a_guarded_job_that_started_nothing_is_no_cause() -> None:
    snapshot = machine(runner(100), runner(101), jobs=[cron_job(guarded=True)])
    assert effects(causes_of(snapshot), "rogue-restarter") == set()
    seen = machine(runner(100), runner(101), jobs=[cron_job(guarded=True, starts=(101,))])
    assert effects(causes_of(seen), "rogue-restarter") == {"duplicate-instance"}


def test_a_job_is_blamed_for_the_interpreter_of_what_it_started() -> None:
    snapshot = machine(runner(100, prefix="/usr"), runner(101, prefix="/opt"), jobs=[cron_job(starts=(101,))])
    cause = by_code(causes_of(snapshot), "rogue-restarter")
    assert "101" in {effect.subject.name for effect in cause.leads_to}
    assert "100" not in {effect.subject.name for effect in cause.leads_to}


def test_zombies_are_blamed_on_their_parent() -> None:
    def crowd(parent: int) -> Snapshot:
        loop = process(50, "bash", "watchdog.sh")
        return machine(
            runner(100),
            runner(101),
            loop,
            *zombies(31, ppid=parent),
            jobs=[watchdog_job(pids=[50])],
            resources_=resources(zombie_count=31),
        )

    of_the_loop, of_a_ghost, of_init = causes_of(crowd(50)), causes_of(crowd(100)), causes_of(crowd(1))
    assert effects(of_the_loop, "rogue-restarter") == {"duplicate-instance", "zombie-processes"}
    assert effects(of_the_loop, "duplicate-instance") == set()
    assert effects(of_a_ghost, "duplicate-instance") == {"zombie-processes"}
    assert of_init[-1].code == "zombie-processes", "nobody of this story led to them"


def test_what_explains_nothing_comes_last_and_context_is_left_out() -> None:
    alone = finding("malformed-pidfile", Subject(SubjectKind.FILE, "x.pid"))
    context = finding("python-confusion", severity=Severity.INFO)
    results = [
        result(alone),
        result(context),
        result(finding("port-unbound")),
        result(finding("health-unreachable")),
    ]
    found = causes(results, machine(), SERVICE)
    assert [cause.code for cause in found] == ["port-unbound", "health-unreachable", "malformed-pidfile"]


def test_nothing_is_wrong() -> None:
    assert causes_of(machine(runner(100))) == ()
    assert chain(()) == ""


def test_a_table_with_circles_gives_a_story_without(monkeypatch: pytest.MonkeyPatch) -> None:
    circle = {"disk-full": "open-files", "open-files": "high-load", "high-load": "disk-full"}
    known = {check.code: check for check in CHECKS}
    checks = tuple(replace(known[code], leads_to=(effect,)) for code, effect in circle.items())
    monkeypatch.setattr("ghostfix.diagnosis.causes.CHECKS", checks)
    found = causes([result(finding(code)) for code in circle], machine(), SERVICE)
    assert [cause.code for cause in found] == ["disk-full", "open-files", "high-load"]


SOME = st.lists(
    st.builds(
        finding,
        st.sampled_from([check.code for check in CHECKS]),
        st.builds(Subject, st.sampled_from(SubjectKind), st.sampled_from(["a", "b", "cron alice:7"])),
        st.sampled_from(Severity),
    ),
    max_size=40,
)


@given(SOME)
def test_there_are_no_circles_and_nothing_is_lost(findings: list[Finding]) -> None:
    snapshot = piled_up(cron_job(), unit_job(), watchdog_job())
    found = causes([result(each) for each in findings], snapshot, SERVICE)
    wanted = {Reference(each.code, each.subject) for each in findings if each.severity is not Severity.INFO}
    assert {cause.reference for cause in found} >= wanted - {
        Reference(each.code, each.subject) for each in findings if each.severity is Severity.INFO
    }
    position = {cause.reference: at for at, cause in enumerate(found)}
    assert len(position) == len(found)
    assert all(position[cause.reference] < position[effect] for cause in found for effect in cause.leads_to)
    assert bool(chain(found)) == bool(found)
