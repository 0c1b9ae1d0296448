import pytest
from msgspec import structs

from ghostfix.diagnosis.available_managers import available_managers
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import ghost_service, machine, process

INIT = structs.replace(process(1, "/sbin/init"), name="systemd", uid=0)
USER = structs.replace(process(80, "/lib/systemd/systemd", "--user"), name="systemd", uid=1000)
CRON = structs.replace(process(90, "/usr/sbin/cron"), name="cron", uid=0)
SUPERVISORD = structs.replace(process(91, "/usr/bin/python3", "/usr/bin/supervisord"), uid=0)
PM2 = structs.replace(process(92, "PM2 v6.0.14: God Daemon (/home/a/.pm2)"), uid=1000)


def seen(*processes: Process, uid: int = 0, platform: str = "linux") -> Snapshot:
    look = machine(*processes)
    return structs.replace(look, host=structs.replace(look.host, uid=uid, platform=platform))


@pytest.mark.parametrize(
    ("snapshot", "kinds"),
    [
        (seen(INIT, USER, CRON), ("systemd", "cron")),
        (seen(INIT, USER, CRON, PM2, uid=1000), ("systemd-user", "pm2", "cron")),
        (seen(INIT, USER, uid=1001), ()),
        (seen(SUPERVISORD), ("supervisord",)),
        (seen(SUPERVISORD, uid=1000), ()),
        (seen(CRON, platform="macos"), ("launchd",)),
        (seen(), ()),
    ],
)
def test_who_is_there(snapshot: Snapshot, kinds: tuple[str, ...]) -> None:
    assert available_managers(snapshot, ghost_service()) == kinds


@pytest.mark.parametrize(
    "service",
    [
        ghost_service(manager="systemd:x.service"),
        ghost_service(instances=0),
        Service(name="x", profile="p", directory="/", match="x"),
    ],
)
def test_a_service_that_has_one_or_cannot_be_started_gets_no_offer(service: Service) -> None:
    assert available_managers(seen(INIT), service) == ()
