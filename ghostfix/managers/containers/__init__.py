"""Containers of docker and podman, and what stands at their head."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns

_STARTS = frozenset({"start", "restart"})
_SCANS = frozenset({"ps", "inspect", "top"})

DOCKER = ManagerSigns(
    kind="docker",
    title="docker container",
    commands=(ManagerCommand(program="docker", starts=_STARTS, scans=_SCANS),),
)
PODMAN = ManagerSigns(
    kind="podman",
    title="podman container",
    commands=(ManagerCommand(program="podman", starts=_STARTS, scans=_SCANS),),
)
CONTAINER = ManagerSigns(
    kind="container",
    title="the container",
    processes=(
        ManagerProcess("containerd-shim", "a container"),
        ManagerProcess("conmon", "a container"),
        ManagerProcess("dockerd", "docker"),
        ManagerProcess("containerd", "containerd"),
        ManagerProcess("docker-proxy", "docker's forwarder of a port"),
    ),
    restarts_what_it_started=False,
)
"""What both engines stand behind: which of them, the process alone does not say."""
INIT = ManagerSigns(
    kind="init",
    title="init",
    processes=(
        ManagerProcess("init", "init"),
        *(ManagerProcess(n, "a container's init") for n in ("docker-init", "tini", "dumb-init", "catatonit")),
    ),
    adopts_orphans=True,
    starts_again=False,
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.containers import jobs

    return jobs.RESTARTERS


MANAGER = Manager((DOCKER, PODMAN, CONTAINER, INIT), _restarters)
