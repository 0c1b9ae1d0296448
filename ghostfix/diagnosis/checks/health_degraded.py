"""The health URL answers, but not that the service is well.

What it finds
-------------
An HTTP status outside 200 to 299, an answer that cannot be read, or a key of the document that is not what
``health.expect`` wants. A document that calls itself degraded while every expectation is met is a warning.
An instance that was started in the last seconds may still be coming up: also a warning. Not flagged: keys of
the document that ``health.expect`` does not name, and an answer of any length or order.

Why it matters
--------------
A part of the service is down behind a web server that still answers: it looks alive and does no work.

How ghostfix repairs it
-----------------------
It stops what runs, and starts a clean instance from the profile's venv.

How to prevent it
-----------------
Let the service end when a part that it needs is down, so that its manager notices.
"""

from ghostfix.diagnosis.applicability import with_health
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.http_answer import complaints, self_assessment
from ghostfix.diagnosis.instance_health import is_starting
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import HealthAnswer, Snapshot
from ghostfix.model.step import Step

CODE = "health-degraded"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    health = snapshot.health.value
    if health is None or health.answer.status is None:
        return ()
    unwell, own_word = complaints(health), self_assessment(health)
    if not unwell and own_word is None:
        return ()
    young = is_starting(snapshot, service)
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR if unwell and not young else Severity.WARNING,
            summary=f"{health.answer.url} answers, but {_words(unwell, own_word)}",
            cause="A part of the service is down while its web part goes on."
            if unwell
            else "The service calls itself so, although all that the profile expects is met.",
            subject=Subject(SubjectKind.URL, health.answer.url),
            short="health degraded",
            confidence=Confidence.POSSIBLE if young else Confidence.CERTAIN,
            doubt="It was started a moment ago and may still be coming up." if young else None,
            evidence=bounded(_evidence(health, unwell)),
        ),
    )


def _words(unwell: tuple[str, ...], own_word: str | None) -> str:
    says = () if own_word is None else (f"its status is {own_word}",)
    return "; ".join((*unwell, *says))


def _evidence(health: HealthAnswer, unwell: tuple[str, ...]) -> list[Evidence]:
    answered = f"HTTP status {health.answer.status} in {health.answer.elapsed:.1f} s"
    return [Evidence(answered), *(Evidence(complaint) for complaint in unwell)]


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service) if finding.severity is Severity.ERROR else ()


CHECK = Check(
    code=CODE,
    title="Health document",
    group=Group.HEALTH,
    severity=Severity.ERROR,
    needs=(Source.HEALTH,),
    find=find,
    repair=repair,
    applies=with_health,
    leads_to=("webhook-failing",),
    page=__doc__,
)
