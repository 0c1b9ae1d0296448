"""Too many ended processes wait for their parent to take note.

What it finds
-------------
More zombies than ``limits.zombies``. It is an error when a process of the service is the parent that does
not reap them. Not flagged: the few that every busy machine has for a moment.

Why it matters
--------------
A zombie uses no memory but keeps its place in the process table. It cannot be killed: it is dead already.

How ghostfix repairs it
-----------------------
It names the parents. When one of them is an instance of the service with too many, that instance is stopped
and a clean one started: its zombies then go by themselves. Other parents are left alone.

How to prevent it
-----------------
Wait for every child that the service starts (``Popen.wait``, a SIGCHLD handler); in a container, run an init
as PID 1.
"""

from collections import Counter

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, command_of
from ghostfix.diagnosis.instance_health import unreaped_children
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import ProcessState
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import counted, percent_of
from ghostfix.service.instance import instances

CODE = "zombie-processes"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    limit = service.limits.zombies
    if resources is None or resources.zombie_count <= limit:
        return ()
    number = resources.zombie_count
    mine = sum(len(unreaped_children(snapshot, instance)) for instance in instances(snapshot, service))
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if mine and number - mine <= limit else Severity.WARNING,
            summary=f"{counted(number, 'zombie')}, {percent_of(number, limit)}",
            cause=f"{service.name} does not reap {mine} of its children; they go when it ends."
            if mine
            else "Their parents do not reap them; they go when those end.",
            subject=Subject(SubjectKind.MACHINE, "zombies"),
            short=counted(number, "zombie"),
            evidence=bounded(_parents(snapshot)),
        ),
    )


def _parents(snapshot: Snapshot) -> tuple[Evidence, ...]:
    zombies = Counter(
        process.ppid for process in snapshot.processes.value if process.state is ProcessState.ZOMBIE
    )
    return tuple(Evidence(_parent(snapshot, pid, count)) for pid, count in zombies.most_common())


def _parent(snapshot: Snapshot, pid: int, count: int) -> str:
    parent = snapshot.process(pid)
    name = f"pid {pid}" if parent is None else f"pid {pid} ({command_of(parent)})"
    advice = "; PID 1 does not reap: run an init in the container" if pid == 1 else ""
    return f"{name} does not reap {count}{advice}"


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    ours = any(unreaped_children(snapshot, instance) for instance in instances(snapshot, service))
    return restart(CODE, snapshot, service) if ours else ()


CHECK = Check(
    code=CODE,
    title="Zombies",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=repair,
    applies=always,
    leads_to=("process-count",),
    page=__doc__,
)
