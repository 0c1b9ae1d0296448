"""The service uses more than its profile allows it.

What it finds
-------------
All processes of the service together with more memory than ``limits.service_memory``, or more of them than
``limits.service_processes``; one of its processes with more open files than ``limits.service_open_files``.
Not flagged: memory that is shared is counted once for each process that has it, so a service that forks many
workers needs a limit with some room.

Why it matters
--------------
A leak or a crowd of workers of one service takes from all others on the machine, until the kernel ends
something, and not always the culprit.

How ghostfix repairs it
-----------------------
It does not: an end of the service would free all of it, and only a person knows whether the limit or the
program is wrong.

How to prevent it
-----------------
Let the manager enforce it: ``ghostfix adopt NAME --with systemd`` writes the limits into the unit.
"""

from collections.abc import Iterator

from ghostfix.diagnosis.evidence_text import described
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances

CODE = "over-limit"
_MIB = 1024 * 1024
_SHOWN = 3


def applies(service: Service) -> str | None:
    limits = service.limits
    given = (limits.service_memory, limits.service_open_files, limits.service_processes)
    return "the profile limits nothing of the service itself" if given == (None, None, None) else None


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    mine = [process for instance in instances(snapshot, service) for process in instance.processes]
    return tuple(
        Finding(
            code=CODE,
            severity=Severity.WARNING,
            summary=f"{service.name} {what}",
            cause="It needs more than was meant for it, or does not give back what it took.",
            subject=Subject(SubjectKind.SERVICE, f"{service.name} {kind}"),
            short=short,
            evidence=tuple(Evidence(described(process, snapshot)) for process in largest[:_SHOWN]),
        )
        for kind, what, short, largest in _exceeded(mine, service)
    )


def _exceeded(mine: list[Process], service: Service) -> Iterator[tuple[str, str, str, list[Process]]]:
    """Each limit that is exceeded: its kind, what is too much, the same in short, the largest first."""
    limits = service.limits
    memory = sum(process.memory_bytes for process in mine)
    if limits.service_memory_bytes is not None and memory > limits.service_memory_bytes:
        used = f"{memory / _MIB:.0f} MiB of memory"
        by_size = sorted(mine, key=lambda process: -process.memory_bytes)
        yield "memory", f"holds {used}, and its limit is {limits.service_memory}", used, by_size
    if limits.service_processes is not None and len(mine) > limits.service_processes:
        used = f"{len(mine)} processes"
        yield "processes", f"has {used}, and its limit is {limits.service_processes}", used, mine
    files = {process: process.detail.open_file_count or 0 for process in mine if process.detail is not None}
    over = [one for one, count in files.items() if count > (limits.service_open_files or count)]
    if over:
        worst = max(over, key=lambda process: files[process])
        used = f"{files[worst]} open files"
        text = f"has a process with {used}, pid {worst.pid}, and its limit is {limits.service_open_files}"
        yield "open files", text, used, sorted(over, key=lambda process: -files[process])


CHECK = Check(
    code=CODE,
    title="Its own limits",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.PROCESSES,),
    find=find,
    repair=no_steps,
    applies=applies,
    leads_to=(),
    page=__doc__,
)
