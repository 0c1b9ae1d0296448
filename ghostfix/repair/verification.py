"""Verification: the service surveyed again after a repair, and watched for whether it holds."""

from collections.abc import Callable

from msgspec import Struct

from ghostfix.diagnosis.judgement import health_in_words, judge, verdict
from ghostfix.model.finding import CheckResult, Severity
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree
from ghostfix.model.report import Verdict, VerificationReport
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances, roots
from ghostfix.survey import health, processes
from ghostfix.survey.observe import observe
from ghostfix.survey.survey import survey


class Verification(Struct, frozen=True, kw_only=True):
    """What was seen after a repair: the last survey, what it found, and the watch before it."""

    snapshot: Snapshot
    results: tuple[CheckResult, ...]
    verdict: Verdict
    report: VerificationReport

    @property
    def held(self) -> bool:
        return not self.report.problems


def verify(
    system: System,
    service: Service,
    *,
    hold_for: float,
    settle: float = 30.0,
    progress: Callable[[float], None] = lambda _: None,
) -> Verification:
    """Verifies: gives the service ``settle`` s to be well, watches it for ``hold_for`` s, and judges."""
    deadline = system.monotonic() + settle
    while not _well(system, service) and system.monotonic() < deadline:
        system.wait(0.5)
    observation = observe(system, service, hold_for, progress=progress)
    snapshot = survey(system, service)
    results = judge(snapshot, service)
    found = verdict(results, snapshot, service)
    problems = [
        finding.summary
        for result in results
        for finding in result.findings
        if finding.severity is Severity.ERROR
    ]
    problems += [f"{result.title}: {result.reason}" for result in results if result.unread]
    problems += [
        f"an instance was started again (pid {respawn.process.pid}) during the watch"
        for respawn in observation.respawns
    ]
    problems += [f"the instance with pid {ended.pid} ended during the watch" for ended in observation.ended]
    return Verification(
        snapshot=snapshot,
        results=results,
        verdict=found,
        report=VerificationReport(
            verdict=found.value,
            held_for_s=observation.seconds,
            restarts_seen=len(observation.respawns),
            instances=len(instances(snapshot, service)),
            health=health_in_words(snapshot, service),
            problems=tuple(problems),
        ),
    )


def _well(system: System, service: Service) -> bool:
    tree = ProcessTree(processes.collect(system, service).value)
    count = len(roots(tree, system.caller().own_pids, service))
    if count != service.instances:
        return False
    answer = health.collect(system, service).value
    return answer is None or not answer.faults
