"""Which containers a service has to do with: those that own a process of it, or its port.

An engine is asked only about such a container. A machine whose docker is a mere client, without a daemon,
is not asked anything.
"""

from collections.abc import Iterator

from msgspec import Struct

from ghostfix.managers.containers.inspect import Container, read_inspect
from ghostfix.model.invocation import read_argv
from ghostfix.model.job import Job, Link, LinkKind
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.service.instance import runs_service

_PODMAN = Pattern(r"libpod|podman")
ENGINES = ("docker", "podman")
"""Processes that stand above or before a container, by the names that the kernel keeps (15 letters)."""
_WHEN = {
    "always": "when it exits, and when the engine starts",
    "unless-stopped": "when it exits, and when the engine starts unless it was stopped",
    "on-failure": "when it exits with a failure",
}


class _Sign(Struct, frozen=True, kw_only=True):
    """What points to a container."""

    engine: str
    key: str
    """Its id, its name, or an address of its own."""
    is_address: bool = False
    pid: int | None = None


def jobs_of(engine: str, system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """An engine's containers that own a process or a port of the service, or that its profile names."""
    signs = [sign for sign in _signs(system, service, tree) if sign.engine == engine]
    if not signs:
        return Reading(())
    reading = _inspected(engine, system, signs)
    jobs = tuple(_job(engine, container, signs) for container in reading.value)
    return Reading(jobs, reading.problem, reading.complete)


def _signs(system: System, service: Service, tree: ProcessTree) -> Iterator[_Sign]:
    engine, _, name = service.manager.partition(":")
    if engine in ENGINES and name:
        yield _Sign(engine=engine, key=name)
    # A container's processes are below one of these; without them the sockets need not be read.
    daemons = {
        each.name for signs in system.managers if signs.kind == "container" for each in signs.processes
    }
    if not any(process.name in daemons for process in tree.by_pid.values()):
        return
    owners = {
        pid
        for listener in system.listeners().value
        if service.ports and listener.port in service.ports
        for pid in listener.owners
    }
    for process in tree.by_pid.values():
        if not process.alive or not process.argv:
            continue
        if process.pid in owners and process.name == "docker-proxy":
            address = _after(process.argv, "-container-ip")
            if address is not None:
                yield _Sign(engine="docker", key=address, is_address=True)
        elif process.pid in owners or runs_service(service, read_argv(process.argv), None):
            yield from _of_process(system, service, process, owns=process.pid in owners)


def _of_process(system: System, service: Service, process: Process, *, owns: bool) -> Iterator[_Sign]:
    detail = process.detail or system.detail(process)
    if detail.container is None:
        return
    # In a container the same words may be another program: what counts is the folder, seen from outside.
    if owns or runs_service(service, read_argv(process.argv), detail.cwd):
        engine = "podman" if _PODMAN.search(detail.control_group or "") else "docker"
        yield _Sign(engine=engine, key=detail.container, pid=process.pid)


def _inspected(engine: str, system: System, signs: list[_Sign]) -> Reading[tuple[Container, ...]]:
    if system.program(engine) is None:
        return Reading((), f"a container has to do with it, and there is no {engine} to ask", complete=False)
    keys = [sign.key for sign in signs if not sign.is_address]
    addresses = {sign.key for sign in signs if sign.is_address}
    if addresses:
        listed = system.ask((engine, "ps", "--quiet", "--no-trunc"), timeout=5.0)
        if listed.status != 0:
            return Reading((), f"{engine} did not answer: {listed.complaint}", complete=False)
        keys += listed.text.split()
    if not keys:
        return Reading((), f"{engine} lists no container for {', '.join(sorted(addresses))}", complete=False)
    answer = system.ask((engine, "inspect", "--type", "container", *dict.fromkeys(keys)), timeout=5.0)
    found = read_inspect(answer.stdout)
    if found is None or (answer.status != 0 and not found):
        return Reading((), f"{engine} did not answer: {answer.complaint}", complete=False)
    wanted = {sign.key for sign in signs}
    mine = tuple(each for each in found if {each.id, each.name, *each.addresses} & wanted)
    return Reading(mine)


def _job(engine: str, container: Container, signs: list[_Sign]) -> Job:
    pids = [sign.pid for sign in signs if sign.pid is not None and sign.key == container.id]
    trigger = _WHEN.get(container.policy, "only when asked: it has no restart policy")
    return Job(
        kind=engine,
        id=container.name,
        scope=container.id,
        where=None,
        command=container.command,
        trigger=trigger if container.running else f"{trigger}; it does not run",
        enabled=container.restarts and container.running,
        restarts_on_exit=container.restarts,
        link=Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN,
        guarded=True,
        starts=tuple(sorted(pids)),
    )


def _after(words: tuple[str, ...], option: str) -> str | None:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word == option), None)
