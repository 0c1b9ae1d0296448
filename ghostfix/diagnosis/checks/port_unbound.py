"""The service runs, but does not listen on its port.

What it finds
-------------
Instances that run while none of them listens on a port of the profile. Not flagged: a service that does not
run at all, a port on which its health URL answers, a socket whose owner cannot be seen. An instance that was
started in the last seconds may still be coming up: a warning.

Why it matters
--------------
For its clients the service is down, although every process list shows it.

How ghostfix repairs it
-----------------------
It stops the instances and starts a clean one, after what holds the port was dealt with.

How to prevent it
-----------------
Let the service end when it cannot bind, so that its manager notices.
"""

from ghostfix.diagnosis.applicability import with_ports
from ghostfix.diagnosis.evidence_text import bounded, described, pids
from ghostfix.diagnosis.http_answer import unreachable
from ghostfix.diagnosis.instance_health import is_starting
from ghostfix.diagnosis.port_holders import Holders, holders
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.url import port_of
from ghostfix.service.instance import instances

CODE = "port-unbound"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    if not instances(snapshot, service):
        return ()
    return tuple(
        _finding(held, snapshot, service)
        for held in holders(snapshot, service)
        if not (held.instances or held.orphans or held.unknown or held.unseen)
        and not _answers(held, snapshot, service)
    )


def _answers(held: Holders, snapshot: Snapshot, service: Service) -> bool:
    """A process answers the health URL on this port, and no stranger is known to hold it."""
    health = snapshot.health.value
    if health is None or service.health is None or held.strangers:
        return False
    return port_of(service.health.url) == held.port and unreachable(health) is None


def _finding(held: Holders, snapshot: Snapshot, service: Service) -> Finding:
    roots = [instance.root for instance in instances(snapshot, service)]
    young = is_starting(snapshot, service)
    unsure = young or not snapshot.listeners.complete
    doubt = (
        "It was started a moment ago and may still be coming up."
        if young
        else "Not every socket could be seen."
    )
    return Finding(
        code=CODE,
        severity=Severity.WARNING if unsure else Severity.ERROR,
        summary=f"{service.name} runs ({pids(roots)}), but does not listen on port {held.port}",
        cause="It could not bind the port, has not come to it, or listens on another."
        if not held.strangers
        else f"{held.strangers[0].name} (pid {held.strangers[0].pid}) has the port.",
        subject=Subject(SubjectKind.PORT, str(held.port)),
        short=f"nobody listens on {held.port}" if held.unheld else f"cannot bind {held.port}",
        confidence=Confidence.POSSIBLE if unsure else Confidence.CERTAIN,
        doubt=doubt if unsure else None,
        evidence=bounded(Evidence(described(root, snapshot)) for root in roots),
    )


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return () if finding.confidence is Confidence.POSSIBLE else restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Listening",
    group=Group.PORT,
    severity=Severity.ERROR,
    needs=(Source.LISTENERS, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_ports,
    leads_to=("health-unreachable", "webhook-failing"),
    page=__doc__,
)
