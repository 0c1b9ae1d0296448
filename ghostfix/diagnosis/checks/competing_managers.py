"""Two or more managers want to run the service.

What it finds
-------------
Enabled jobs of different managers, or several that bring the service back when it ends. A unit with its
timer or socket is one manager, and so is a watchdog with the job that starts it. Not flagged: several cron
lines (each is reported by itself), disabled jobs, jobs that only may lead to the service.

Why it matters
--------------
Each takes the other's instance for a stranger: they start two, or one ends what the other started, over and
over.

How ghostfix repairs it
-----------------------
It holds all but the one that the profile names; where the profile names none, it holds all.

How to prevent it
-----------------
Name the manager in the profile and remove the other jobs for good.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, job_name
from ghostfix.diagnosis.own_manager import is_manager, managers
from ghostfix.diagnosis.repair_steps import hold, restart
from ghostfix.diagnosis.unwanted_restarters import unwanted_restarters
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.job import Job
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import listed

CODE = "competing-managers"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    groups = managers(snapshot)
    if not _compete(groups):
        return ()
    names = [job_name(group[0]) for group in groups]
    sure = all(job.confidence is Confidence.CERTAIN for group in groups for job in group)
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"{len(groups)} managers want to run {service.name}: {listed(names)}",
            cause="Each starts the service without knowing of the others.",
            subject=Subject(SubjectKind.SERVICE, service.name),
            short=f"{len(groups)} managers",
            confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
            doubt=None
            if sure
            else "That one of them starts the service was read from its text, and was not seen.",
            evidence=bounded(_seen(job, service) for group in groups for job in group),
        ),
    )


def _compete(groups: tuple[tuple[Job, ...], ...]) -> bool:
    kinds = {frozenset(job.kind for job in group) for group in groups}
    restarting = sum(1 for group in groups if any(job.restarts_on_exit for job in group))
    return len(groups) > 1 and (len(kinds) > 1 or restarting > 1)


def _seen(job: Job, service: Service) -> Evidence:
    mark = " (the profile's manager)" if is_manager(service, job) else ""
    return Evidence(f"{job.label}{mark}, {job.trigger}: {job.command}", job.where)


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    holds = (step for job in unwanted_restarters(snapshot, service) for step in hold(job))
    return (*restart(CODE, snapshot, service), *holds)


CHECK = Check(
    code=CODE,
    title="One manager",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.RESTARTERS,),
    find=find,
    repair=repair,
    applies=always,
    leads_to=("duplicate-instance", "crash-loop", "flapping"),
    page=__doc__,
)
