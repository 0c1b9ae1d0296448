"""Who must not be asked, because a manager would start it for the first connection."""

import pytest
from msgspec import structs

from ghostfix.commands.watch.watch import _health
from ghostfix.model.machine import Platform
from ghostfix.model.process import Listener, Process, ProcessId, ProcessState, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import HealthWanted, Service, WebhookWanted
from ghostfix.survey.socket_activation import asleep
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem, default_caller

URL = "http://127.0.0.1:8404/health"
SERVICE = Service(
    name="idle",
    profile="t",
    directory="/srv/idle",
    script="idle.py",
    ports=(8404,),
    manager="systemd:idle.service",
    health=HealthWanted(url=URL),
    webhook=WebhookWanted(url=URL),
)


def process(pid: int, *argv: str, name: str = "") -> Process:
    return Process(
        id=ProcessId(pid, 1.0),
        ppid=1,
        user="u",
        uid=0,
        name=name or argv[0],
        argv=argv,
        state=ProcessState.SLEEPING,
    )


INIT = process(1, "/sbin/init", name="systemd")
USERS = process(80, "/usr/lib/systemd/systemd", "--user", name="systemd")
NGINX = process(90, "nginx")
TREE = ProcessTree([INIT, USERS, NGINX])


def heard(*owners: int, port: int = 8404, uid: int = 0) -> Reading[tuple[Listener, ...]]:
    return Reading((Listener(address="127.0.0.1", port=port, owners=owners, uid=uid),))


@pytest.mark.parametrize("pid", [1, 80])
def test_what_a_manager_alone_keeps_open_is_not_asked(pid: int) -> None:
    said = asleep(SERVICE, URL, heard(pid), TREE, "box")
    assert said is not None
    assert said.startswith(f"{URL} was not asked: only systemd (pid {pid}) listens there")


@pytest.mark.parametrize(
    "listeners",
    [heard(90), heard(1, 90), heard(1, port=8405), heard(4711), Reading(()), heard(uid=1000)],
    ids=["a proxy", "a child has it too", "another port", "gone", "nobody", "some user's"],
)
def test_whoever_else_listens_is_asked(listeners: Reading[tuple[Listener, ...]]) -> None:
    assert asleep(SERVICE, URL, listeners, TREE, "box") is None


def test_an_owner_that_cannot_be_seen_may_be_the_manager_that_the_profile_names() -> None:
    assert "cannot be seen" in str(asleep(SERVICE, URL, heard(), TREE, "box"))
    by_hand = structs.replace(SERVICE, manager="none")
    assert asleep(by_hand, URL, heard(), TREE, "box") is None


def test_by_its_own_name_it_is_this_machine_too() -> None:
    assert asleep(SERVICE, "http://box:8404/", heard(1), TREE, "box") is not None
    assert asleep(SERVICE, "http://elsewhere:8404/", heard(1), TREE, "box") is None


def sleeping_machine() -> FakeSystem:
    """What a GET or POST would be answered is not listed, so that asking fails the test."""
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    system.sockets.append(Listener(address="127.0.0.1", port=8404, owners=(1,), uid=0))
    return system


def test_no_look_connects() -> None:
    system = sleeping_machine()
    snapshot = survey(system, structs.replace(SERVICE, manager="none"), prober=system)
    for reading in (snapshot.health, snapshot.webhook):
        assert not reading.complete
        assert "would start the service" in str(reading.problem)
    assert _health(system, SERVICE, runs=False) is None
    assert not [act for act in system.acts if act.act == "post"]
