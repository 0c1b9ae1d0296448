"""The service does not run.

What it finds
-------------
No process whose command line runs the service, in its folder. Not flagged: a service of which the profile
wants no instance. When the health URL answers as it should although no process is seen, this is only a
possibility: the process may belong to another user, or run in a container.

Why it matters
--------------
A service that is down serves nobody. When something restarts it and it is down all the same, it ends as
soon as it starts: the log says why.

How ghostfix repairs it
-----------------------
After everything else (restarters held, files cleaned, environment mended) it starts exactly one instance,
detached from the terminal, with its output in the service's log. A service with a manager in its profile
is started through that manager.

How to prevent it
-----------------
Name one manager in the profile, with a back-off between restarts and a limit to them.
"""

from ghostfix.aspects.answer import complaints, unreachable
from ghostfix.aspects.log_finding import named
from ghostfix.aspects.logged import Family, faults
from ghostfix.aspects.remedy import restart
from ghostfix.aspects.scope import with_instances
from ghostfix.aspects.wording import bounded
from ghostfix.finding import Check, Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.instance import instances
from ghostfix.reading import Confidence, Source
from ghostfix.service import Service
from ghostfix.snapshot import Snapshot
from ghostfix.step import Step

CODE = "not-running"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    if instances(snapshot, service) or not snapshot.processes.complete:
        return ()
    answers = _answers(snapshot, service)
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING if answers else Severity.ERROR,
            summary=f"no process of {service.name} runs in {service.directory}",
            cause=_cause(snapshot, service),
            subject=Subject(SubjectKind.SERVICE, service.name),
            short="not running",
            confidence=Confidence.POSSIBLE if answers else Confidence.CERTAIN,
            doubt="Its health URL answers as it should: it may run as somebody else, or in a container."
            if answers
            else None,
            evidence=_evidence(snapshot, service),
        ),
    )


def _answers(snapshot: Snapshot, service: Service) -> bool:
    health = snapshot.health.value
    if health is None or service.health is None:
        return False
    return unreachable(health) is None and not complaints(health)


def _cause(snapshot: Snapshot, service: Service) -> str:
    if service.manager != "none":
        return f"Its manager, {service.manager}, has not started it, or it ended."
    logged = [fault for family in Family for fault in faults(snapshot, service, family)]
    if logged:
        return f"It ended, and its log says why: {named(logged[0].errors[0])}."
    return "It ended or was never started, and nothing that may start it has brought it back."


def _evidence(snapshot: Snapshot, service: Service) -> tuple[Evidence, ...]:
    wanted = " ".join(service.start_command)
    seen = [Evidence(f"looked at {len(snapshot.processes.value)} processes for: {wanted}")]
    seen.extend(Evidence(f"{path.path} names pid {path.pid}") for path in snapshot.pidfiles.value if path.pid)
    return bounded(seen)


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return () if finding.confidence is Confidence.POSSIBLE else restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Running",
    severity=Severity.ERROR,
    needs=(Source.PROCESSES,),
    find=find,
    repair=repair,
    applies=with_instances,
    page=__doc__,
)
