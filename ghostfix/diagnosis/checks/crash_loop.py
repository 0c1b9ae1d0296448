"""The service ends soon after each start, and is started again.

What it finds
-------------
A job whose manager counts at least three restarts, and waits for the next one, has given up, or has started
the service less than a minute ago; by systemd's journal, one that has lasted more than twice as long as the
one before it is out of the loop. Where the manager keeps no count (a watchdog script), the log says: no
instance is older than a minute, and the same unhandled exception came again and again within the last
minutes. Not flagged: exceptions in the log of a service that was not restarted, a machine that was booted a
moment ago, and more instances than there should be: those pile up, so they do not end.

Why it matters
--------------
Each round costs processor time, log space and processes, and hides the real fault behind the noise.

How ghostfix repairs it
-----------------------
The loop itself by holding what restarts the service; the fault that ends it by the other findings. What
only the program's authors can mend is named with the file and line of the traceback.

How to prevent it
-----------------
Give the manager a back-off and a limit (``StartLimitBurst``, ``ThrottleInterval``, ``startretries``).
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.evidence_text import bounded, described, job_name
from ghostfix.diagnosis.last_ends import end_evidence, end_name, own_ends
from ghostfix.diagnosis.log_faults import REPEATED, FaultFamily, LogFaults, ending, faults
from ghostfix.diagnosis.log_finding import headline, named
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.managers.register import restarters
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.text_units import counted
from ghostfix.service.instance import Instance, instances

CODE = "crash-loop"
_YOUNG = 60.0
_LATELY = 300.0


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    running = instances(snapshot, service)
    if len(running) > service.instances or not _all_young(running, snapshot):
        return ()
    counted_ends = [end for end in own_ends(snapshot, service) if _again_and_again(end)]
    if counted_ends:
        return (_counted(max(counted_ends, key=lambda end: end.starts or 0), snapshot, service),)
    return _logged(running, snapshot, service)


def _again_and_again(end: LastEnd) -> bool:
    return (end.starts or 0) >= REPEATED and (end.restarting or end.given_up)


def _counted(end: LastEnd, snapshot: Snapshot, service: Service) -> Finding:
    """By the manager's own count."""
    last = ending(snapshot, service)
    why = headline(last.error, service, 1).rstrip(".") if last is not None else end.words
    failed = end.kind is EndKind.NOT_STARTED
    return Finding(
        code=CODE,
        severity=Severity.ERROR,
        summary=f"{service.name} ends soon after each start: {end_name(end)} restarted {end.starts} times",
        cause=f"It cannot get past this: {why}.",
        subject=Subject(SubjectKind.SERVICE, service.name),
        short=f"{end.starts} starts failed" if failed else f"crash loop ({end.starts} restarts)",
        evidence=end_evidence(end),
    )


def _logged(running: tuple[Instance, ...], snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    """By the log, where the manager keeps no count."""
    restarting = [job for job in snapshot.jobs if _brings_back(job)]
    crashes = _crashes(snapshot, service)
    if not restarting or not crashes or _just_booted(snapshot):
        return ()
    number = sum(fault.count for fault in crashes)
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"{service.name} ends soon after each start: {counted(number, 'exception')} in the log, "
            f"{_state(running)}, and {job_name(restarting[0])} starts it again",
            cause=f"It cannot get past {named(crashes[0].errors[0])}.",
            subject=Subject(SubjectKind.SERVICE, service.name),
            short="crash loop",
            confidence=Confidence.LIKELY,
            doubt="The starts were not watched: an instance that starts just now, with old exceptions in its "
            "log, looks the same.",
            evidence=bounded(_evidence(running, crashes, restarting, snapshot)),
        ),
    )


def _brings_back(job: Job) -> bool:
    uncounted = not any(each.counts_restarts for each in restarters() if each.kind == job.kind)
    return uncounted and job.enabled and job.restarts_on_exit and job.confidence is not Confidence.POSSIBLE


def _crashes(snapshot: Snapshot, service: Service) -> tuple[LogFaults, ...]:
    found = [fault for family in FaultFamily for fault in faults(snapshot, service, family)]
    recent = [
        fault
        for fault in found
        if fault.count >= REPEATED and not fault.overtaken and _lately(fault, snapshot)
    ]
    return tuple(sorted(recent, key=lambda fault: (not fault.ended, -fault.count)))


def _lately(fault: LogFaults, snapshot: Snapshot) -> bool:
    times = [error.last_at for error in fault.errors if error.last_at is not None]
    return snapshot.taken_at - max(times, default=fault.log.modified) <= _LATELY


def _all_young(running: tuple[Instance, ...], snapshot: Snapshot) -> bool:
    return all(snapshot.taken_at - instance.root.id.started < _YOUNG for instance in running)


def _just_booted(snapshot: Snapshot) -> bool:
    booted = snapshot.host.boot_time
    return booted is not None and snapshot.taken_at - booted < _LATELY


def _state(running: tuple[Instance, ...]) -> str:
    return "no instance runs" if not running else "no instance is older than a minute"


def _evidence(
    running: tuple[Instance, ...], crashes: tuple[LogFaults, ...], jobs: list[Job], snapshot: Snapshot
) -> list[Evidence]:
    return [
        *(Evidence(described(instance.root, snapshot)) for instance in running),
        *(Evidence(f"{named(fault.errors[0])} × {fault.count} in {fault.log.path}") for fault in crashes),
        *(Evidence(f"{job.kind} {job.id} starts it {job.trigger}", job.where) for job in jobs),
    ]


CHECK = Check(
    code=CODE,
    title="Crash loop",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES, Source.RESTARTERS, Source.ENDS),
    find=find,
    repair=no_steps,
    applies=with_instances,
    leads_to=("flapping", "given-up", "not-running", "zombie-processes", "process-count", "high-load"),
    page=__doc__,
)
