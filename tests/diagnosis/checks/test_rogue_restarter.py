import pytest

from ghostfix.diagnosis.checks.rogue_restarter import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.job import Job, Place
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    HOME,
    cron_job,
    ghost_service,
    kinds,
    machine,
    only,
    refused,
    runner,
    unit_job,
    watchdog_job,
)

THROUGH_A_SCRIPT = cron_job(hops=[Place(f"{HOME}/watchdog.sh", 214, "python -m gpt_cursor_runner.main &")])


def test_one_finding_a_job_with_the_lines_by_which_it_leads_to_the_service() -> None:
    snapshot = machine(runner(100), runner(101), jobs=[THROUGH_A_SCRIPT])
    finding = only(CHECK, snapshot)
    assert finding.short == "cron line 7 → watchdog.sh:214"
    assert str(finding.subject) == "job cron alice:7"
    assert finding.severity is Severity.ERROR
    assert [str(seen.place) for seen in finding.evidence] == ["crontab of alice:7", f"{HOME}/watchdog.sh:214"]
    assert "hold-cron-line" in kinds(CHECK, finding, snapshot)


def test_the_only_restarter_of_a_healthy_service_is_a_warning_that_says_how_to_keep_it() -> None:
    snapshot = machine(runner(100), jobs=[unit_job(starts=(100,))])
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.WARNING
    assert 'set manager = "systemd:ghost.service"' in finding.cause
    assert kinds(CHECK, finding, snapshot) == []


def test_the_same_restarter_of_an_ill_service_is_an_error() -> None:
    finding = only(CHECK, machine(runner(100), jobs=[unit_job(starts=(100,))], health=refused()))
    assert finding.severity is Severity.ERROR


def test_a_second_manager_is_an_error_though_all_is_well() -> None:
    findings = CHECK.find(machine(runner(100), jobs=[unit_job(), cron_job()]), ghost_service())
    assert [finding.severity for finding in findings] == [Severity.ERROR, Severity.ERROR]


def test_a_watchdog_and_the_cron_line_that_starts_it_are_one_restarter() -> None:
    jobs = [THROUGH_A_SCRIPT, watchdog_job(pids=[50])]
    findings = CHECK.find(machine(runner(100), jobs=jobs), ghost_service())
    assert [finding.severity for finding in findings] == [Severity.WARNING, Severity.WARNING]


def test_the_profile_s_manager_is_no_rogue_and_another_job_beside_it_is() -> None:
    service = ghost_service(manager="systemd:ghost.service")
    snapshot = machine(runner(100), jobs=[unit_job(starts=(100,)), cron_job()])
    finding = only(CHECK, snapshot, service)
    assert finding.subject.name == "cron alice:7"
    assert finding.severity is Severity.ERROR
    assert kinds(CHECK, finding, snapshot, service) == ["hold-cron-line"], "the managed instance stays"


def test_what_only_may_start_the_service_is_named_and_left_alone() -> None:
    snapshot = machine(runner(100), runner(101), jobs=[cron_job(confidence=Confidence.POSSIBLE)])
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.WARNING
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == []


@pytest.mark.parametrize("job", [cron_job(enabled=False), unit_job(enabled=False)])
def test_a_disabled_job_starts_nothing(job: Job) -> None:
    assert CHECK.find(machine(runner(100), runner(101), jobs=[job]), ghost_service()) == ()


def test_jobs_of_one_name_in_two_scopes_are_both_held() -> None:
    jobs = [cron_job("x", scope="alice"), cron_job("x", scope="root", line=8)]
    snapshot = machine(runner(100), runner(101), jobs=jobs)
    finding = CHECK.find(snapshot, ghost_service())[0]
    assert kinds(CHECK, finding, snapshot).count("hold-cron-line") >= 2
