"""The story on one page: look, judge, plan. ``execute`` acts, ``verification`` looks again."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from msgspec import structs

from ghostfix.diagnosis.causes import Cause, causes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.judgement import judge, verdict
from ghostfix.model.finding import CheckResult
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.observation import Observation
from ghostfix.model.reading import Reading
from ghostfix.model.report import Verdict
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.repair.plan import Choices, Plan, make_plan
from ghostfix.survey.survey import TIMEOUT, survey


@dataclass(frozen=True)
class Diagnosis:
    """What is there, what is wrong with it, and why."""

    service: Service
    snapshot: Snapshot
    results: tuple[CheckResult, ...]
    causes: tuple[Cause, ...]
    verdict: Verdict


def diagnose(
    system: System,
    service: Service,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    prober: ActingSystem | None = None,
    all_logs: bool = False,
    timeout: float = TIMEOUT,
    observation: Observation | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Looks, for ``timeout`` seconds at most, and judges; changes nothing.

    With ``prober``, the webhook's payload is sent; an ``observation`` of just before is judged as well.
    """
    snapshot = survey(system, service, prober=prober, all_logs=all_logs, timeout=timeout, progress=progress)
    if observation is not None:
        snapshot = structs.replace(snapshot, observation=Reading(observation))
    return judged(service, snapshot, only=only, skip=skip)


def judged(
    service: Service, snapshot: Snapshot, *, only: Collection[str] = (), skip: Collection[str] = ()
) -> Diagnosis:
    """The diagnosis of a snapshot, wherever and whenever it was taken (pure)."""
    results = judge(snapshot, service, only=only, skip=skip)
    return Diagnosis(
        service=service,
        snapshot=snapshot,
        results=results,
        causes=causes(results, snapshot, service),
        verdict=verdict(results, snapshot, service),
    )


def plan(diagnosis: Diagnosis, choices: Choices) -> Plan:
    """What a repair would do; the very plan that it executes."""
    return make_plan(diagnosis.results, CHECKS, diagnosis.snapshot, diagnosis.service, choices)
