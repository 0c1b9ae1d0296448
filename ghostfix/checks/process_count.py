"""The machine runs more processes than the profile allows.

What it finds
-------------
A number of processes above ``limits.processes``, or the user's own above nine tenths of the kernel's limit
(``RLIMIT_NPROC``). It is an error when the service's own processes make the difference, or when the kernel's
limit is near; otherwise a warning. Not flagged: a desktop with its ordinary hundreds; set the limit to suit.

Why it matters
--------------
At the kernel's limit nothing can be started any more, not even a shell to look around.

How ghostfix repairs it
-----------------------
By itself, not at all: the processes go when the instances and workers that are too many are stopped, and what
started them is held. The evidence names the programs with the most processes.

How to prevent it
-----------------
Limit the service where the system can: ``TasksMax=`` in its unit, ``numprocs``, a container's pids limit.
"""

from collections import Counter

from ghostfix.aspects.headcount import processes_of
from ghostfix.aspects.remedy import no_steps
from ghostfix.aspects.scope import always
from ghostfix.aspects.wording import bounded
from ghostfix.finding import Check, Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.pages.phrase import percent_of
from ghostfix.reading import Source
from ghostfix.service import Service
from ghostfix.snapshot import Resources, Snapshot

CODE = "process-count"
_NEAR = 0.9
_PROGRAMS = 5


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    if resources is None:
        return ()
    limit = service.limits.processes
    over, near = resources.process_count > limit, _near_kernel_limit(resources)
    if not over and not near:
        return ()
    mine = processes_of(snapshot, service)
    decisive = over and resources.process_count - mine <= limit
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if decisive or near else Severity.WARNING,
            summary=f"{resources.process_count} processes, {percent_of(resources.process_count, limit)}"
            if over
            else _of_the_user(resources),
            cause=f"{mine} of them belong to {service.name}; stopping the surplus lowers the number."
            if mine
            else f"None of them belongs to {service.name}: look at the programs below.",
            subject=Subject(SubjectKind.MACHINE, "processes"),
            short=f"{resources.process_count} processes",
            evidence=bounded(
                [
                    Evidence(f"{mine} of {service.name}, its zombies included"),
                    Evidence(_of_the_user(resources)),
                    *_programs(snapshot),
                ]
            ),
        ),
    )


def _near_kernel_limit(resources: Resources) -> bool:
    limit = resources.user_process_limit
    return limit is not None and resources.user_process_count >= limit * _NEAR


def _of_the_user(resources: Resources) -> str:
    count, limit = resources.user_process_count, resources.user_process_limit
    if limit is None:
        return f"{count} of this user, whom the kernel sets no limit"
    return f"{count} of this user, {percent_of(count, limit)} that the kernel sets"


def _programs(snapshot: Snapshot) -> tuple[Evidence, ...]:
    names = Counter(process.name for process in snapshot.processes.value if process.alive)
    return tuple(Evidence(f"{name} × {count}") for name, count in names.most_common(_PROGRAMS))


CHECK = Check(
    code=CODE,
    title="Process count",
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=no_steps,
    applies=always,
    page=__doc__,
)
