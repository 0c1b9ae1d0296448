import pytest
from msgspec import structs

from ghostfix.managers.containers.jobs import RESTARTERS
from ghostfix.model.process import ProcessDetail
from tests.fake_system import FakeSystem
from tests.managers.containers.container_answer import ID, inspected
from tests.managers.stage import BROKEN, HOME, RUN, SERVICE, broken, look, machine, one

RESTARTER = next(each for each in RESTARTERS if each.kind == "podman")
INSPECT = ("podman", "inspect", "--type", "container", ID)

SHIM = ("/usr/bin/conmon", "--cid", ID)


def contained(policy: str = "always", *, running: bool = True) -> FakeSystem:
    """The service runs in a container that sees its folder at the same place."""
    system = machine()
    system.add_program("podman")
    detail = ProcessDetail(cwd=HOME, container=ID, control_group=f"/machine.slice/libpod-{ID}.scope")
    system.add_process(890, SHIM, uid=0)
    system.add_process(900, RUN, uid=0, detail=detail)
    system.add_command(INSPECT, stdout=inspected(policy, running=running))
    return system


def test_the_container_that_owns_a_process() -> None:
    job = one(contained(), RESTARTER)
    assert (job.id, job.scope, job.enabled, job.starts) == ("ghost_web_1", ID, True, (900,))
    assert job.trigger == "when it exits, and when the engine starts"
    assert job.command == "python3 ghost.py"


@pytest.mark.parametrize(
    ("policy", "running", "enabled", "restarts"),
    [
        ("no", True, False, False),
        ("", True, False, False),
        ("on-failure", True, True, True),
        ("unless-stopped", True, True, True),
        ("always", False, False, True),
    ],
)
def test_what_arms_it(policy: str, running: bool, enabled: bool, restarts: bool) -> None:
    job = one(contained(policy, running=running), RESTARTER)
    assert (job.enabled, job.restarts_on_exit) == (enabled, restarts)
    assert bool(RESTARTER.hold(job, "test")) is enabled


def test_the_container_that_owns_the_port() -> None:
    system = machine()
    system.add_program("podman")
    service = structs.replace(SERVICE, ports=(5555,))
    detail = ProcessDetail(cwd="/app", container=ID, control_group=f"/machine.slice/libpod-{ID}.scope")
    system.add_process(890, SHIM, uid=0)
    system.add_process(900, ("node", "/app/server.js"), uid=0, detail=detail, listens=(5555,))
    system.add_command(INSPECT, stdout=inspected("always"))
    (job,) = look(system, RESTARTER, service).value
    assert (job.id, job.starts) == ("ghost_web_1", (900,))


def test_the_container_that_the_profile_names() -> None:
    system = machine()
    system.add_program("podman")
    system.add_command((*INSPECT[:-1], "ghost_web_1"), stdout=inspected("always", running=False))
    service = structs.replace(SERVICE, manager="podman:ghost_web_1")
    assert [job.id for job in look(system, RESTARTER, service).value] == ["ghost_web_1"]


def test_a_client_without_a_daemon_matters_to_nobody() -> None:
    system = machine()
    system.add_program("podman")
    system.add_process(900, RUN, cwd=HOME, listens=(5555,))
    reading = look(system, RESTARTER, structs.replace(SERVICE, ports=(5555,)))
    assert (reading.value, reading.complete, system.asked) == ((), True, [])


def test_the_same_words_in_another_container_are_another_program() -> None:
    system = machine()
    system.add_program("podman")
    detail = ProcessDetail(cwd="/app", container=ID, control_group=f"/machine.slice/libpod-{ID}.scope")
    system.add_process(890, SHIM, uid=0)
    system.add_process(900, ("python3", "ghost.py"), uid=0, detail=detail)
    assert (look(system, RESTARTER).value, system.asked) == ((), [])


@pytest.mark.parametrize("how", BROKEN)
def test_an_engine_that_does_not_answer_is_said(how: str) -> None:
    system = contained()
    system.add_command(INSPECT, broken(INSPECT)[how])
    reading = look(system, RESTARTER)
    assert (reading.value, reading.complete) == ((), False)
    assert "podman did not answer" in str(reading.problem)


def test_a_container_and_nothing_to_ask_it_with() -> None:
    system = contained()
    system.remove_path("/usr/bin/podman")
    assert not look(system, RESTARTER).complete
