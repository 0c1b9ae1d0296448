"""The machine runs more processes than the profile allows.

What it finds
-------------
A number of processes above ``limits.processes``, or nine tenths of what the kernel allows: the user of the
service (``RLIMIT_NPROC``), its control group (``pids.max``) or the whole machine (``pid_max``), threads
counted. It is an error when the service's own processes make the difference, or when a limit of the kernel is
near; otherwise a warning. Not flagged: a desktop with its ordinary hundreds; set the limit to suit.

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

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.process_count_of import process_count_of
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.diagnosis.task_limits import Full, UserTasks, nearly_full, of_the_user
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.text_units import percent_of

CODE = "process-count"
_PROGRAMS = 5


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    resources = snapshot.resources.value
    if resources is None:
        return ()
    limit = service.limits.processes
    over, near = resources.process_count > limit, nearly_full(snapshot, service)
    if not over and not near:
        return ()
    mine = process_count_of(snapshot, service)
    decisive = over and resources.process_count - mine <= limit
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if decisive or near else Severity.WARNING,
            summary=f"{resources.process_count} processes, {percent_of(resources.process_count, limit)}"
            if over
            else _limit_text(near[0]),
            cause=f"{mine} of them belong to {service.name}; stopping the surplus lowers the number."
            if mine
            else f"None of them belongs to {service.name}: look at the programs below.",
            subject=Subject(SubjectKind.MACHINE, "processes"),
            short=f"{resources.process_count} processes",
            evidence=bounded(
                [
                    Evidence(f"{mine} of {service.name}, its zombies included"),
                    *(Evidence(_limit_text(full)) for full in near),
                    *_of_the_user(of_the_user(snapshot, service)),
                    *_programs(snapshot),
                ]
            ),
        ),
    )


def _limit_text(full: Full) -> str:
    return f"{full.tasks} tasks {full.who}, {percent_of(full.tasks, full.limit)} that the kernel sets"


def _of_the_user(user: UserTasks | None) -> tuple[Evidence, ...]:
    if user is None:
        return ()
    count = f"{user.processes} of user {user.user}"
    if user.limit is None:
        return (Evidence(f"{count}, to whom the kernel sets no limit"),)
    threads = f" with {user.tasks} threads" if user.tasks != user.processes else ""
    return (Evidence(f"{count}{threads}, {percent_of(user.tasks, user.limit)} that the kernel sets"),)


def _programs(snapshot: Snapshot) -> tuple[Evidence, ...]:
    names = Counter(process.name for process in snapshot.processes.value if process.alive)
    return tuple(Evidence(f"{name} × {count}") for name, count in names.most_common(_PROGRAMS))


CHECK = Check(
    code=CODE,
    title="Process count",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.RESOURCES,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=(),
    page=__doc__,
)
