"""Socket activation: whether the service sleeps until the first connection to its manager's socket (pure)."""

from ghostfix.diagnosis.last_ends import failing_end
from ghostfix.model.job import Job
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances
from ghostfix.survey.socket_activation import keeps_sockets


def socket_keeper(snapshot: Snapshot) -> Job | None:
    """The job that keeps a port of the service open and starts it at the first connection."""
    return next((job for job in snapshot.jobs if job.keeps_socket and job.enabled), None)


def keeps_the_port(keeper: Job) -> str:
    """Why a program that binds the port by itself cannot have it, and what to do."""
    return (
        f"{keeper.id} keeps the port for a program that takes it over from its manager, and this one binds "
        f"it itself: stop and disable {keeper.id}, or let the program use the socket that it is given."
    )


def sleeps(snapshot: Snapshot, service: Service) -> bool:
    """Whether nothing runs because nothing has connected: it is idle, and well.

    Its manager listens on each of its ports, and did not fail to start it.
    """
    if not service.ports or instances(snapshot, service) or socket_keeper(snapshot) is None:
        return False
    kept = {
        each.port
        for each in snapshot.listeners.value
        if any(
            keeps_sockets(process) for pid in each.owners if (process := snapshot.process(pid)) is not None
        )
    }
    return kept.issuperset(service.ports) and failing_end(snapshot, service) is None
