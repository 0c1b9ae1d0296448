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

from ghostfix.aspects.holder import Holders, holders
from ghostfix.aspects.remedy import restart
from ghostfix.aspects.scope import with_ports
from ghostfix.aspects.soundness import wanted_instances
from ghostfix.aspects.wording import bounded, described, pids
from ghostfix.finding import Check, Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.pages.phrase import counted
from ghostfix.process import Process
from ghostfix.reading import Source
from ghostfix.service import Service
from ghostfix.snapshot import Snapshot
from ghostfix.step import Step

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
    severity=Severity.ERROR,
    needs=(Source.LISTENERS, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_ports,
    page=__doc__,
)
