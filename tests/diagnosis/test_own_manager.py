import pytest

from ghostfix.diagnosis.own_manager import is_manager, managers
from ghostfix.model.job import Job, Place
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import HOME, cron_job, ghost_service, machine, unit_job, watchdog_job


@pytest.mark.parametrize(
    ("manager", "job", "named"),
    [
        ("none", cron_job(), False),
        ("cron", cron_job(), True),
        ("cron", unit_job(), False),
        ("systemd:ghost.service", unit_job(), True),
        ("systemd:ghost", unit_job(), True),
        ("systemd:ghost.service", unit_job("ghost.timer"), True),
        ("systemd:ghost@.service", unit_job("ghost@2.service"), True),
        ("systemd:ghost.service", unit_job("ghost-runner.service"), False),
        ("systemd:ghost.service", unit_job("com.ghost.service"), False),
    ],
)
def test_the_job_that_the_profile_names(manager: str, job: Job, named: bool) -> None:
    assert is_manager(ghost_service(manager=manager), job) is named


def test_groups_of_several_managers_are_each_joined() -> None:
    jobs = [
        unit_job(),
        unit_job("ghost.timer"),
        unit_job("other.service"),
        cron_job(hops=[Place(f"{HOME}/watchdog.sh", 214)]),
        cron_job("alice:8", line=8),
        watchdog_job(),
        cron_job("alice:9", line=9, enabled=False),
        cron_job("alice:10", line=10, confidence=Confidence.POSSIBLE),
    ]
    groups = [sorted(job.id for job in group) for group in managers(machine(jobs=jobs))]
    assert sorted(groups) == [
        [f"{HOME}/watchdog.sh", "alice:7"],
        ["alice:8"],
        ["ghost.service", "ghost.timer"],
        ["other.service"],
    ]
