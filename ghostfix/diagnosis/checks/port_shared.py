"""Several instances of the service hold one port.

What it finds
-------------
Processes of more than one instance, orphans included, that listen on the same port: by SO_REUSEPORT, or one
on IPv4 and another on IPv6. Not flagged: a server and its workers or a reloader and its child, one process
on both IPv4 and IPv6, as many instances as the profile wants.

Why it matters
--------------
The kernel deals requests out among them: every second answer comes from another instance, with other code
or other state.

How ghostfix repairs it
-----------------------
It stops all but one of the instances, or all when none is as it should be, and starts one.

How to prevent it
-----------------
Do not set SO_REUSEPORT for a service that must be alone; bind one address family, or both in one process.
"""

from ghostfix.diagnosis.applicability import with_ports
from ghostfix.diagnosis.evidence_text import bounded, described, pids
from ghostfix.diagnosis.instance_health import wanted_instances
from ghostfix.diagnosis.port_holders import Holders, holders
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import counted

CODE = "port-shared"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    wanted = max(wanted_instances(snapshot, service), 1)
    return tuple(
        _finding(held, snapshot, service) for held in holders(snapshot, service) if len(_tops(held)) > wanted
    )


def _tops(held: Holders) -> tuple[Process, ...]:
    return (
        *(instance.root for instance in held.instances),
        *(orphan.process for orphan in held.orphans),
    )


def _finding(held: Holders, snapshot: Snapshot, service: Service) -> Finding:
    tops = _tops(held)
    number = counted(len(tops), "instance")
    return Finding(
        code=CODE,
        severity=Severity.ERROR,
        summary=f"port {held.port} is held by {number} of {service.name} ({pids(tops)})",
        cause="They bound it side by side, so the kernel deals requests out among them.",
        subject=Subject(SubjectKind.PORT, str(held.port)),
        short=f"{len(tops)} hold {held.port}",
        evidence=bounded(Evidence(described(process, snapshot)) for process in tops),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="One holder per port",
    group=Group.PORT,
    severity=Severity.ERROR,
    needs=(Source.LISTENERS, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_ports,
    leads_to=("health-degraded", "webhook-failing"),
    page=__doc__,
)
