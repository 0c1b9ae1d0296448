"""The machine has more work than its processors can do.

What it finds
-------------
A load average of one minute above ``limits.load_per_cpu`` times the number of processors. Not flagged: a
machine that is merely busy.

Why it matters
--------------
Under such a load health checks time out, and watchdogs that trust them start a second instance.

How ghostfix repairs it
-----------------------
By itself, not at all: the load falls when the instances that are too many are stopped and nothing restarts
them any more.

How to prevent it
-----------------
Give the service a share (``CPUQuota=``), and restarts a back-off.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, command_of
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import ProcessState
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Resources, Snapshot
from ghostfix.model.text_units import counted, percent_of

CODE = "high-load"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    if resources is None:
        return ()
    limit = service.limits.load_per_cpu * resources.cpu_count
    if resources.cpu_load <= limit:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING,
            summary=f"load {resources.cpu_load:.2f} on {counted(resources.cpu_count, 'processor')}, "
            f"{percent_of(resources.cpu_load, limit)}",
            cause="More processes want to run, or wait for a disk, than the machine can serve.",
            subject=Subject(SubjectKind.MACHINE, "load"),
            short=f"load {resources.cpu_load:.2f}",
            evidence=bounded(_busy(snapshot, resources, service)),
        ),
    )


def _busy(snapshot: Snapshot, resources: Resources, service: Service) -> tuple[Evidence, ...]:
    processors = counted(resources.cpu_count, "processor")
    rule = f"the limit is {service.limits.load_per_cpu:g} for each of {processors}"
    busy = (ProcessState.RUNNING, ProcessState.UNINTERRUPTIBLE)
    return (
        Evidence(rule),
        *(
            Evidence(f"pid {process.pid} is {process.state.value}: {command_of(process)}")
            for process in snapshot.processes.value
            if process.state in busy and process.pid not in snapshot.own_pids
        ),
    )


CHECK = Check(
    code=CODE,
    title="Load",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=(),
    page=__doc__,
)
