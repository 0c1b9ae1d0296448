"""docker and podman: the jobs of both are found, and armed, in the same way."""

from dataclasses import dataclass

import pytest
from msgspec import structs

from ghostfix.managers.containers.jobs import RESTARTERS
from ghostfix.managers.restarter import Restarter
from ghostfix.model.process import ProcessDetail
from tests.fake_system import FakeSystem
from tests.managers.containers.container_answer import ID, inspected
from tests.managers.stage import BROKEN, HOME, RUN, SERVICE, broken, look, machine, one


@dataclass(frozen=True)
class Engine:
    """An engine with one container of the service, as the machine shows it."""

    name: str
    shim: tuple[str, ...]
    """The process that the container's first process is a child of."""
    control_group: str

    @property
    def restarter(self) -> Restarter:
        return next(each for each in RESTARTERS if each.kind == self.name)

    @property
    def inspect(self) -> tuple[str, ...]:
        return (self.name, "inspect", "--type", "container", ID)

    def machine(self) -> FakeSystem:
        """A machine with the engine's client, and nothing that runs in it."""
        system = machine()
        system.add_program(self.name)
        return system

    def contain(
        self, system: FakeSystem, argv: tuple[str, ...], cwd: str = "/app", listens: tuple[int, ...] = ()
    ) -> None:
        """Runs a process in the container."""
        detail = ProcessDetail(cwd=cwd, container=ID, control_group=self.control_group)
        system.add_process(890, self.shim, uid=0)
        system.add_process(900, argv, uid=0, detail=detail, listens=listens)


DOCKER = Engine("docker", ("/usr/bin/containerd-shim-runc-v2", "-namespace", "moby"), f"/docker-{ID}.scope")
PODMAN = Engine("podman", ("/usr/bin/conmon", "--cid", ID), f"/machine.slice/libpod-{ID}.scope")


@pytest.fixture(params=[DOCKER, PODMAN], ids=["docker", "podman"])
def engine(request: pytest.FixtureRequest) -> Engine:
    assert isinstance(request.param, Engine)
    return request.param


def contained(engine: Engine, policy: str = "always", *, running: bool = True) -> FakeSystem:
    """The service runs in a container that sees its folder at the same place."""
    system = engine.machine()
    engine.contain(system, RUN, cwd=HOME)
    system.add_command(engine.inspect, stdout=inspected(policy, running=running))
    return system


def test_the_container_that_owns_a_process(engine: Engine) -> None:
    job = one(contained(engine), engine.restarter)
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
def test_what_arms_it(engine: Engine, policy: str, running: bool, enabled: bool, restarts: bool) -> None:
    job = one(contained(engine, policy, running=running), engine.restarter)
    assert (job.enabled, job.restarts_on_exit) == (enabled, restarts)
    assert bool(engine.restarter.hold(job, "test")) is enabled


def test_the_container_that_owns_the_port(engine: Engine) -> None:
    system = engine.machine()
    service = structs.replace(SERVICE, ports=(5555,))
    engine.contain(system, ("node", "/app/server.js"), listens=(5555,))
    system.add_command(engine.inspect, stdout=inspected("always"))
    (job,) = look(system, engine.restarter, service).value
    assert (job.id, job.starts) == ("ghost_web_1", (900,))


def test_the_container_that_the_profile_names(engine: Engine) -> None:
    system = engine.machine()
    system.add_command((*engine.inspect[:-1], "ghost_web_1"), stdout=inspected("always", running=False))
    service = structs.replace(SERVICE, manager=f"{engine.name}:ghost_web_1")
    assert [job.id for job in look(system, engine.restarter, service).value] == ["ghost_web_1"]


def test_a_client_without_a_daemon_matters_to_nobody(engine: Engine) -> None:
    system = engine.machine()
    system.add_process(900, RUN, cwd=HOME, listens=(5555,))
    reading = look(system, engine.restarter, structs.replace(SERVICE, ports=(5555,)))
    assert (reading.value, reading.complete, system.asked) == ((), True, [])


def test_the_same_words_in_another_container_are_another_program(engine: Engine) -> None:
    system = engine.machine()
    engine.contain(system, ("python3", "ghost.py"))
    assert (look(system, engine.restarter).value, system.asked) == ((), [])


@pytest.mark.parametrize("how", BROKEN)
def test_an_engine_that_does_not_answer_is_said(engine: Engine, how: str) -> None:
    system = contained(engine)
    system.add_command(engine.inspect, broken(engine.inspect)[how])
    reading = look(system, engine.restarter)
    assert (reading.value, reading.complete) == ((), False)
    assert f"{engine.name} did not answer" in str(reading.problem)


def test_a_container_and_nothing_to_ask_it_with(engine: Engine) -> None:
    system = contained(engine)
    system.remove_path(f"/usr/bin/{engine.name}")
    assert not look(system, engine.restarter).complete


def proxied(listed: str) -> FakeSystem:
    """The port is held by docker's proxy, which forwards to the container's own address."""
    system = DOCKER.machine()
    proxy = ("/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "5555")
    system.add_process(950, (*proxy, "-container-ip", "172.17.0.2", "-container-port", "80"), uid=0)
    system.listen(950, ("0.0.0.0", 5555))
    system.add_command(("docker", "ps", "--quiet", "--no-trunc"), stdout=listed)
    system.add_command(DOCKER.inspect, stdout=inspected("on-failure", address="172.17.0.2"))
    return system


def test_the_container_behind_the_proxy() -> None:
    (job,) = look(proxied(f"{ID}\n"), DOCKER.restarter, structs.replace(SERVICE, ports=(5555,))).value
    assert (job.id, job.trigger) == ("ghost_web_1", "when it exits with a failure")


def test_a_proxy_without_a_container_is_said() -> None:
    reading = look(proxied(""), DOCKER.restarter, structs.replace(SERVICE, ports=(5555,)))
    assert (reading.value, reading.complete) == ((), False)
