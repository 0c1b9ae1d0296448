"""Socket activation: a port that a manager keeps open for a service which it starts for the first connection.

A connection to such a port starts the service (systemd.socket(5), ``Sockets`` of launchd.plist(5)), and
where that fails again and again drives the unit to failed. So a survey must not connect.
"""

from urllib.parse import urlsplit

from ghostfix.model.process import Listener, Process, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.url import asks_locally, port_of

_KEEP_SOCKETS = ("systemd", "launchd")


def asleep(
    service: Service, url: str, listeners: Reading[tuple[Listener, ...]], tree: ProcessTree, hostname: str
) -> str | None:
    """Why a URL of a service that does not run must not be asked; None when it may be.

    To be asked of a service without an instance only: PID 1 may be the service itself, in a container, and
    one that runs has been started already.
    """
    port = port_of(url)
    if not (asks_locally(url) or urlsplit(url).hostname == hostname):
        return None
    for listener in listeners.value:
        if listener.port != port:
            continue
        managers = [tree.by_pid[pid] for pid in listener.owners if pid in tree.by_pid]
        if listener.owners and all(map(keeps_sockets, managers)) and len(managers) == len(listener.owners):
            by = f"{managers[0].name} (pid {managers[0].pid})"
            return f"{url} was not asked: only {by} listens there, and a connection would start the service"
        if not listener.owners and listener.uid == 0 and service.manager.startswith(_KEEP_SOCKETS):
            return (
                f"{url} was not asked: the service does not run, who listens there cannot be seen, "
                f"and where {service.manager} does, a connection would start the service"
            )
    return None


def keeps_sockets(process: Process) -> bool:
    """Whether it is the machine's init or a user's own systemd, in which socket units listen."""
    return process.pid == 1 or (process.name == "systemd" and "--user" in process.argv)
