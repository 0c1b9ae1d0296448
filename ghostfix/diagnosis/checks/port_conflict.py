"""A stranger holds a port of the service.

What it finds
-------------
A process that is not the service and listens on one of its ports, on an address that its clients reach as
well: 127.0.0.1, ::1 and every wildcard meet each other. The same program from another folder is a stranger,
too. A socket whose owner cannot be seen is reported as a possibility. Not flagged: clients of the port,
closed connections that linger (TIME_WAIT), listeners on another address of the machine, a socket whose owner
cannot be seen while what may be the service cannot be seen either.

Why it matters
--------------
The service cannot bind, or half of its clients talk to another program: ``localhost`` may lead to IPv6 where
the service listens on IPv4.

How ghostfix repairs it
-----------------------
It names the stranger with its ancestry, and stops it only with ``--evict``. A container's port, docker-proxy
and macOS's AirPlay receiver are never stopped: the report says what to do instead.

How to prevent it
-----------------
Give each service its own port, and let the service say loudly that it could not bind.
"""

from ghostfix.diagnosis.applicability import with_ports
from ghostfix.diagnosis.evidence_text import ancestry, bounded, described
from ghostfix.diagnosis.port_holders import Holders, holders, untouchable
from ghostfix.diagnosis.socket_activation import keeps_the_port, sleeps, socket_keeper
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.machine import Signal
from ghostfix.model.process import Listener, Process
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import listed
from ghostfix.service.instance import instances
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.survey.socket_activation import keeps_sockets

CODE = "port-conflict"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    found = []
    for held in holders(snapshot, service):
        if sleeps(snapshot, service):
            continue
        if held.strangers or held.unseen:
            found.append(_conflict(held, snapshot, service))
        elif (
            held.unknown
            and not _surely_ours(held, snapshot, service)
            and not _unseen_instance(snapshot, service)
        ):
            found.append(_unknown(held, snapshot, service))
    return tuple(found)


def _conflict(held: Holders, snapshot: Snapshot, service: Service) -> Finding:
    names = [f"{process.name} (pid {process.pid})" for process in held.strangers]
    names += [f"pid {pid}, which was gone when processes were read" for pid in held.unseen]
    keeper = socket_keeper(snapshot)
    if keeper is not None and any(map(keeps_sockets, held.strangers)):
        names[0] += f" for {keeper.id}"
    advice = [text for process in held.strangers if (text := untouchable(process, held.port)) is not None]
    sure = bool(held.strangers)
    return Finding(
        code=CODE,
        severity=Severity.ERROR if sure else Severity.WARNING,
        summary=f"port {held.port} of {service.name} is held by {listed(names)}",
        cause=keeps_the_port(keeper)
        if keeper is not None and any(map(keeps_sockets, held.strangers))
        else f"It is not the service: {advice[0]}."
        if advice
        else "It is not the service, and the service cannot have the port as long as it runs.",
        subject=Subject(SubjectKind.PORT, str(held.port)),
        short=f"{held.strangers[0].name if sure else 'a stranger'} holds {held.port}",
        confidence=Confidence.CERTAIN if sure else Confidence.POSSIBLE,
        doubt=None if sure else "The owner may be an instance that started or ended during the look.",
        evidence=bounded(
            text
            for process in held.strangers
            for text in (
                Evidence(described(process, snapshot)),
                Evidence(f"ancestry: {ancestry(process, snapshot.tree)}"),
                *_addresses(process, held.port, snapshot),
            )
        ),
    )


def _addresses(process: Process, port: int, snapshot: Snapshot) -> tuple[Evidence, ...]:
    rows = [
        listener.address
        for listener in snapshot.listeners.value
        if listener.port == port and process.pid in listener.owners
    ]
    return (Evidence(f"listens on {listed([_socket(address, port) for address in rows])}"),) if rows else ()


def _socket(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _surely_ours(held: Holders, snapshot: Snapshot, service: Service) -> bool:
    """A socket of a user as whom an instance runs that has not shown another one."""
    uids = {instance.root.uid for instance in instances(snapshot, service)}
    return not held.instances and bool(uids) and all(row.uid in uids for row in held.unknown)


def _unseen_instance(snapshot: Snapshot, service: Service) -> bool:
    """Nothing runs that this user can see, and the details of what may be an instance could not be read.

    The socket is then most likely its own: a user who diagnoses a healthy service of root's is shown no
    culprit, and reads what could not be seen.
    """
    return not snapshot.processes.complete and not instances(snapshot, service)


def _unknown(held: Holders, snapshot: Snapshot, service: Service) -> Finding:
    running = bool(instances(snapshot, service))
    return Finding(
        code=CODE,
        severity=Severity.WARNING if running else Severity.ERROR,
        summary=f"port {held.port} of {service.name} is taken; owner unknown; needs privilege",
        cause="The socket belongs to a process that this user may not look into.",
        subject=Subject(SubjectKind.PORT, str(held.port)),
        short=f"somebody holds {held.port}",
        confidence=Confidence.POSSIBLE,
        doubt="It may be the service itself, run by another user: look again as root.",
        evidence=bounded(_row(row) for row in held.unknown),
    )


def _row(row: Listener) -> Evidence:
    whose = "" if row.uid is None else f", of the user with id {row.uid}"
    return Evidence(f"a socket listens on {_socket(row.address, row.port)}{whose}")


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    if finding.confidence is Confidence.POSSIBLE:
        return ()
    return tuple(
        EvictProcess(
            reason=CODE,
            process=process,
            port=held.port,
            ancestry=ancestry(process, snapshot.tree),
            signal=Signal.TERM,
            grace=service.stop.grace,
        )
        for held in holders(snapshot, service)
        if str(held.port) == finding.subject.name
        for process in held.strangers
        if untouchable(process, held.port) is None
    )


CHECK = Check(
    code=CODE,
    title="Strangers on the port",
    group=Group.PORT,
    severity=Severity.ERROR,
    needs=(Source.LISTENERS, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_ports,
    leads_to=(
        "log-address-in-use",
        "port-unbound",
        "crash-loop",
        "given-up",
        "flapping",
        "not-running",
        "health-degraded",
        "health-unreachable",
    ),
    page=__doc__,
)
