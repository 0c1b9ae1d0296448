"""cron's daemon, and the children that it leaves behind."""

import pytest
from msgspec import structs

from ghostfix.managers.cron.daemon import is_cron, is_cron_daemon, runs_a_job
from ghostfix.model.process import ProcessState
from tests.diagnosis.checks.builders import process


@pytest.mark.parametrize(
    ("name", "argv", "daemon", "job"),
    [
        ("cron", ("cron", "-f"), True, False),
        ("cron", ("/usr/sbin/cron", "-f", "-P"), True, False),
        ("cron", (), True, False),
        ("crond", ("/usr/sbin/crond", "-n"), True, False),
        ("cron", ("CRON", "-f"), False, True),
        ("cron", ("/usr/sbin/CRON", "-f"), False, True),
        ("crond", ("/usr/sbin/CROND", "-n"), False, True),
        ("cronolog", ("cronolog",), False, False),
    ],
)
def test_the_daemon_and_what_waits_for_a_job(
    name: str, argv: tuple[str, ...], daemon: bool, job: bool
) -> None:
    seen = structs.replace(process(90, *(argv or ("cron",))), name=name, argv=argv)
    assert (is_cron_daemon(seen), runs_a_job(seen), is_cron(seen)) == (daemon, job, daemon or job)


def test_a_zombie_starts_nothing() -> None:
    dead = structs.replace(process(90, "cron"), name="cron", argv=(), state=ProcessState.ZOMBIE)
    assert not is_cron_daemon(dead)
