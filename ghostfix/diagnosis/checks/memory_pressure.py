"""The machine's memory is nearly used up.

What it finds
-------------
Memory in use above ``limits.memory_percent``. Not flagged: caches that the kernel can give back, and
swap that is in use while there is memory left.

Why it matters
--------------
The kernel ends processes when memory runs out, often the service itself, and without a word in its log.

How ghostfix repairs it
-----------------------
By itself, not at all: stopping the instances that are too many frees what they hold. The evidence names the
largest processes.

How to prevent it
-----------------
Limit the service's memory where the system can (``MemoryMax=``), so that it alone pays for a leak.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import command_of
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "memory-pressure"
_LARGEST = 5
_MIB = 1024 * 1024


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    if resources is None or resources.memory_percent <= service.limits.memory_percent:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING,
            summary=f"{resources.memory_percent:.1f} % of the memory is in use, "
            f"above the limit of {service.limits.memory_percent:g} %",
            cause="When memory runs out, the kernel ends processes, the service perhaps among them.",
            subject=Subject(SubjectKind.MACHINE, "memory"),
            short=f"memory {resources.memory_percent:.0f} %",
            evidence=(Evidence(f"swap {resources.swap_percent:.1f} % in use"), *_largest(snapshot)),
        ),
    )


def _largest(snapshot: Snapshot) -> tuple[Evidence, ...]:
    by_size = sorted(snapshot.processes.value, key=lambda process: -process.memory_bytes)[:_LARGEST]
    return tuple(
        Evidence(f"pid {process.pid} holds {process.memory_bytes / _MIB:.0f} MiB: {command_of(process)}")
        for process in by_size
        if process.memory_bytes
    )


CHECK = Check(
    code=CODE,
    title="Memory",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=("flapping", "not-running"),
    page=__doc__,
)
