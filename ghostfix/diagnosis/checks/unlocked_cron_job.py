"""A cron line starts the service without looking whether it runs.

What it finds
-------------
An enabled, repeating cron line that leads to the service, without a lock and without a check on the way
(``flock``, ``pgrep ... ||``, a test of the PID file). Not flagged: ``@reboot`` lines, guarded lines, and
lines that stop, back up or rotate.

Why it matters
--------------
Each firing adds an instance, unless the service itself refuses to start twice. After a night there are
dozens.

How ghostfix repairs it
-----------------------
It holds the line together with the other restarters when the profile does not name cron as the manager.

How to prevent it
-----------------
Put a lock before the command: ``flock -n /run/lock/NAME.lock COMMAND``, or start it with ``ghostfix run``.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, job_name
from ghostfix.diagnosis.instance_health import wanted_instances
from ghostfix.diagnosis.own_manager import job_subject
from ghostfix.diagnosis.repair_steps import hold_unwanted
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity
from ghostfix.model.job import Job
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances

CODE = "unlocked-cron-job"
_KINDS = ("cron", "anacron")


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    piled_up = len(instances(snapshot, service)) > wanted_instances(snapshot, service)
    return tuple(_finding(job, service, piled_up) for job in snapshot.jobs if _unlocked(job))


def _unlocked(job: Job) -> bool:
    if job.kind not in _KINDS or not job.enabled or job.guarded:
        return False
    return job.confidence is not Confidence.POSSIBLE and "boot" not in job.trigger


def _finding(job: Job, service: Service, piled_up: bool) -> Finding:
    return Finding(
        code=CODE,
        severity=Severity.ERROR if piled_up else Severity.WARNING,
        summary=f"{job_name(job)} starts {service.name} {job.trigger} without a lock or a check",
        cause="Every firing starts one more, whether or not one runs.",
        subject=job_subject(job),
        short=f"{job_name(job)} without a lock",
        confidence=Confidence.LIKELY,
        doubt="The service, or a program on the way that could not be read, may refuse to start twice.",
        evidence=bounded(
            [
                Evidence(job.command, job.where),
                *(Evidence(hop.text or str(hop), hop) for hop in job.link.hops),
            ]
        ),
    )


CHECK = Check(
    code=CODE,
    title="Cron locks",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.RESTARTERS, Source.PROCESSES),
    find=find,
    repair=hold_unwanted,
    applies=always,
    leads_to=("duplicate-instance",),
    page=__doc__,
)
