"""The log says that the service could not have its port.

What it finds
-------------
``Address already in use`` (errno 98 on Linux, 48 on macOS, ``EADDRINUSE`` in node), and the words of servers
that say so in their own way, since the last start. An error as long as something is wrong with the service
or its port; a warning when that is over, or when no process has the port any more. Not flagged: what was
logged before the last start, or below the level ERROR.

Why it matters
--------------
An instance that cannot bind either ends, to be started again, or runs on without serving a client.

How ghostfix repairs it
-----------------------
By what led to it: instances that are too many are stopped, and a stranger on the port is named.

How to prevent it
-----------------
Start one instance: ``ghostfix run`` guarantees it. Let the service end when it cannot bind.
"""

from msgspec import structs

from ghostfix.diagnosis.applicability import with_logs
from ghostfix.diagnosis.log_faults import FaultFamily, LogFaults, faults, port_is_free
from ghostfix.diagnosis.log_finding import log_finding
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.diagnosis.socket_activation import keeps_the_port, socket_keeper
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances

CODE = "log-address-in-use"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        _finding(fault, snapshot, service) for fault in faults(snapshot, service, FaultFamily.ADDRESS_IN_USE)
    )


def _finding(fault: LogFaults, snapshot: Snapshot, service: Service) -> Finding:
    keeper = socket_keeper(snapshot)
    if keeper is not None and fault.ended:
        return log_finding(
            CODE, fault, keeps_the_port(keeper), snapshot, service, short=_short(fault, snapshot, service)
        )
    free = fault.ended and port_is_free(fault.errors[0], snapshot, service)
    finding = log_finding(
        CODE,
        fault,
        "Another process had the port when the service wanted it; now nobody has it."
        if free
        else "Another process had the port when the service, or a second instance of it, wanted it.",
        snapshot,
        service,
        short=_short(fault, snapshot, service),
        also_when_well=False,
    )
    # What is over hinders no start.
    return structs.replace(finding, severity=Severity.WARNING) if free else finding


def _short(fault: LogFaults, snapshot: Snapshot, service: Service) -> str:
    """``2 cannot bind 5555 → address in use × 88``, ``could not bind 127.0.0.1:5555``."""
    without = [instance for instance in instances(snapshot, service) if not instance.ports]
    only_port = str(service.ports[0]) if len(service.ports) == 1 else "its port"
    address = fault.errors[0].about or only_port
    who = (
        f"{len(without)} cannot bind {only_port}"
        if without and service.ports
        else f"could not bind {address}"
    )
    return who if fault.count == 1 else f"{who} → address in use × {fault.count}"


CHECK = Check(
    code=CODE,
    title="Address in use",
    group=Group.LOGS,
    severity=Severity.ERROR,
    needs=(Source.LOGS,),
    find=find,
    repair=no_steps,
    applies=with_logs,
    leads_to=("port-unbound", "crash-loop", "flapping", "not-running"),
    page=__doc__,
)
