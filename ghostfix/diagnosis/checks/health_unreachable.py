"""The health URL does not answer.

What it finds
-------------
No HTTP answer within the profile's time: connection refused, a time-out, an answer that is no HTTP. An
answer with a bad status or a bad document is ``health-degraded``. An instance that was started in the last
seconds may still be coming up: a warning. Not flagged: a slow answer within ``health.timeout``, and a service
that sleeps behind a socket which its manager keeps open: it is not asked, because that would start it.

Why it matters
--------------
For its clients the service is down. Watchdogs that ask the same URL start another instance.

How ghostfix repairs it
-----------------------
It stops what runs without answering, and starts a clean instance.

How to prevent it
-----------------
Answer the health URL from a thread of its own, and give watchdogs a back-off.
"""

from ghostfix.diagnosis.applicability import with_health
from ghostfix.diagnosis.http_answer import unreachable
from ghostfix.diagnosis.instance_health import is_starting
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.service.instance import instances

CODE = "health-unreachable"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    health = snapshot.health.value
    failure = None if health is None else unreachable(health)
    if health is None or failure is None:
        return ()
    young = is_starting(snapshot, service)
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING if young else Severity.ERROR,
            summary=f"{health.answer.url} does not answer: {failure}",
            cause="The service runs, but does not answer there."
            if instances(snapshot, service)
            else "Nothing of the service runs that could answer.",
            subject=Subject(SubjectKind.URL, health.answer.url),
            short="health does not answer",
            confidence=Confidence.POSSIBLE if young else Confidence.CERTAIN,
            doubt="It was started a moment ago and may still be coming up." if young else None,
            evidence=(Evidence(f"asked for {health.answer.elapsed:.1f} s: {failure}"),),
        ),
    )


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return () if finding.confidence is Confidence.POSSIBLE else restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Health URL",
    group=Group.HEALTH,
    severity=Severity.ERROR,
    needs=(Source.HEALTH,),
    find=find,
    repair=repair,
    applies=with_health,
    leads_to=("webhook-failing",),
    page=__doc__,
)
