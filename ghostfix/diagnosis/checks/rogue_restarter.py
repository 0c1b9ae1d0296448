"""Something starts the service again that its profile does not name as its manager.

What it finds
-------------
Every enabled job (a cron line, a unit, a launchd job, a watchdog loop) that leads to the service, directly
or through scripts, and is not the profile's ``manager``. A single one on a machine where all is well is a
warning: it may be meant. It is an error when several managers want the service, when more or fewer
instances run than should, or when the service is ill. A program whose child an instance is, and whose text
does not tell whether it starts that again, is named as a possibility: for information, where all is well.
Not flagged: commented lines, disabled jobs, lines that stop, back up or rotate, jobs of another service whose
name contains this one's, ``ghostfix run --restart``.

Why it matters
--------------
A kill does not last: the job starts the service again, often a second time, from another folder or with
another Python.

How ghostfix repairs it
-----------------------
It holds the job before anything is stopped, in a way that ``ghostfix undo`` takes back exactly: a cron line
is commented, a watchdog loop is stopped. A job that only may lead to the service is named, and left alone.

How to prevent it
-----------------
Decide on one manager, name it in the profile (``manager = "systemd:ghost.service"``), and delete the others.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, job_name, job_trail
from ghostfix.diagnosis.own_manager import is_own_supervisor, job_subject
from ghostfix.diagnosis.repair_steps import hold_unwanted
from ghostfix.diagnosis.unwanted_restarters import is_well_managed, strangers
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "rogue-restarter"
_DOUBTS = {
    Confidence.LIKELY: "That it starts the service was read from its text, and was not seen.",
    Confidence.POSSIBLE: "It may start another program, or only mention the service.",
}
_PARENT = "An instance is its child, so it started that one; that it would start it again was not seen."


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    settled = is_well_managed(snapshot, service)
    return tuple(
        _finding(job, service, settled) for job in strangers(snapshot, service) if not is_own_supervisor(job)
    )


def _finding(job: Job, service: Service, settled: bool) -> Finding:
    harmless = settled or job.confidence is Confidence.POSSIBLE
    parent = job.confidence is Confidence.POSSIBLE and job.link.kind is LinkKind.OWNS_PROCESS
    return Finding(
        code=CODE,
        severity=_severity(harmless=harmless, mere_parent=settled and parent),
        summary=_summary(job, service),
        cause=_cause(job, service, settled),
        subject=job_subject(job),
        short=job_trail(job),
        confidence=job.confidence,
        doubt=_PARENT if parent else _DOUBTS.get(job.confidence),
        evidence=_evidence(job),
    )


def _severity(*, harmless: bool, mere_parent: bool) -> Severity:
    """A program may well start a child of its own: where all is well, that is worth a line and no more."""
    if mere_parent:
        return Severity.INFO
    return Severity.WARNING if harmless else Severity.ERROR


def _summary(job: Job, service: Service) -> str:
    may = "may start" if job.confidence is Confidence.POSSIBLE else "starts"
    manager = "names no manager" if service.manager == "none" else f"names {service.manager} as its manager"
    return f"{job_name(job)} {may} {service.name} {job.trigger}; the profile {manager}".replace("  ", " ")


def _cause(job: Job, service: Service, settled: bool) -> str:
    own = "cron" if job.kind == "cron" else f"{job.kind}:{job.id}"
    if settled and service.manager == "none" and job.confidence is Confidence.POSSIBLE:
        return f'If it is what keeps {service.name} up, and that is meant, set manager = "{own}".'
    if settled and service.manager == "none":
        return f'{service.name} is restarted by {job_name(job)}; if that is meant, set manager = "{own}".'
    return "As long as it may act, a service that is stopped comes back, and one that runs may get a twin."


def _evidence(job: Job) -> tuple[Evidence, ...]:
    seen = [Evidence(f"{job.kind} job: {job.command}", job.where)]
    seen.extend(Evidence(hop.text or str(hop), hop) for hop in job.link.hops)
    seen.extend(Evidence(f"its own process: pid {process.pid}") for process in job.processes)
    if job.starts:
        seen.append(Evidence(f"started pid {', '.join(map(str, job.starts))}"))
    return bounded(seen)


CHECK = Check(
    code=CODE,
    title="Restarters",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.RESTARTERS, Source.PROCESSES),
    find=find,
    repair=hold_unwanted,
    applies=always,
    leads_to=(
        "rogue-restarter",
        "duplicate-instance",
        "wrong-interpreter",
        "competing-managers",
        "crash-loop",
        "flapping",
        "zombie-processes",
    ),
    page=__doc__,
)
