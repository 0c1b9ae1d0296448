"""Foreign daemons: managers that run here and cannot start this service.

What such a one does not answer is a note, and never a reason to know nothing of the service.
"""

from collections.abc import Iterable

from ghostfix.model.machine import System
from ghostfix.model.process import Process
from ghostfix.model.service import Service


def outside(system: System, daemon: Process) -> str | None:
    """Why a daemon starts nothing among these processes, in words; None where it may.

    It sees and starts the processes of its own PID namespace only (pid_namespaces(7)), and the paths of its
    command line need not be those of here.
    """
    if not system.is_elsewhere(daemon):
        return None
    return f"{daemon.name} (pid {daemon.pid}) lives in another PID namespace, and starts nothing here"


def is_other_users(
    system: System, service: Service, kind: str, daemon: Process, running: Iterable[Process]
) -> bool:
    """Whether a daemon is of a user who is neither root, the caller nor the service's: it cannot become that.

    The manager that the profile names is never foreign.
    """
    if service.manager.partition(":")[0] == kind:
        return False
    folder = system.status(service.directory).value
    owners = {0, system.caller().uid, *(process.uid for process in running)}
    return daemon.uid not in owners | ({folder.uid} if folder is not None else set())
