import pytest

from ghostfix.diagnosis.checks.unlocked_cron_job import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.job import Job
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import cron_job, ghost_service, kinds, machine, only, runner, unit_job


def test_it_has_piled_up() -> None:
    snapshot = machine(runner(100), runner(101), jobs=[cron_job()])
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.ERROR
    assert finding.summary == "cron line 7 starts ghost every 5 minutes without a lock or a check"
    assert "hold-cron-line" in kinds(CHECK, finding, snapshot)


def test_it_may_pile_up() -> None:
    snapshot = machine(runner(100), jobs=[cron_job()])
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == []


def test_the_manager_s_own_line_is_not_held() -> None:
    service = ghost_service(manager="cron")
    snapshot = machine(runner(100), runner(101), jobs=[cron_job()])
    assert kinds(CHECK, only(CHECK, snapshot, service), snapshot, service) == []


@pytest.mark.parametrize(
    "job",
    [
        cron_job(guarded=True),
        cron_job(enabled=False),
        cron_job(trigger="at boot"),
        cron_job(confidence=Confidence.POSSIBLE),
        unit_job(),
    ],
    ids=["guarded", "disabled", "at boot", "a possibility", "no cron"],
)
def test_these_do_not_pile_up(job: Job) -> None:
    assert CHECK.find(machine(runner(100), runner(101), jobs=[job]), ghost_service()) == ()
