"""The disk that holds the service is nearly full.

What it finds
-------------
A file system with the service's folder on it that is fuller than ``limits.disk_percent``; from 99 % it is an
error. Not flagged: other file systems of the machine.

Why it matters
--------------
On a full disk a service writes empty PID files and cut-off data, cannot log why it fails, and ends.

How ghostfix repairs it
-----------------------
Not at all: what can be deleted, only its owner knows. The evidence names the service's own logs by size.

How to prevent it
-----------------
Rotate the logs, and end restart loops: each start writes.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "disk-full"
_FULL = 99.0
_MIB = 1024 * 1024


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    if resources is None or resources.disk_percent <= service.limits.disk_percent:
        return ()
    logs = sorted(snapshot.logs.value, key=lambda log: -log.size)
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if resources.disk_percent >= _FULL else Severity.WARNING,
            summary=f"the disk with {service.directory} is {resources.disk_percent:.1f} % full, "
            f"above the limit of {service.limits.disk_percent:g} %",
            cause="When nothing can be written, PID files come out empty and the service ends.",
            subject=Subject(SubjectKind.MACHINE, "disk"),
            short=f"disk {resources.disk_percent:.0f} %",
            evidence=bounded(Evidence(f"{log.path} has {log.size / _MIB:.0f} MiB") for log in logs),
        ),
    )


CHECK = Check(
    code=CODE,
    title="Disk",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=("malformed-pidfile", "traceback-in-log", "health-degraded", "flapping", "not-running"),
    page=__doc__,
)
