"""Diagnosis: what is there, what is wrong with it, and why; made of one snapshot (pure)."""

from collections.abc import Collection
from dataclasses import dataclass

from ghostfix.diagnosis.causes import Cause, causes
from ghostfix.diagnosis.judgement import judge, verdict
from ghostfix.model.finding import CheckResult
from ghostfix.model.report import Verdict
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot


@dataclass(frozen=True)
class Diagnosis:
    """What is there, what is wrong with it, and why."""

    service: Service
    snapshot: Snapshot
    results: tuple[CheckResult, ...]
    causes: tuple[Cause, ...]
    verdict: Verdict


def judged(
    service: Service, snapshot: Snapshot, *, only: Collection[str] = (), skip: Collection[str] = ()
) -> Diagnosis:
    """The diagnosis of a snapshot, wherever and whenever it was taken."""
    results = judge(snapshot, service, only=only, skip=skip)
    return Diagnosis(
        service=service,
        snapshot=snapshot,
        results=results,
        causes=causes(results, snapshot, service),
        verdict=verdict(results, snapshot, service),
    )
