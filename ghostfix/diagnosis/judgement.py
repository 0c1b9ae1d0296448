"""Judgement: what each check says of a snapshot, and what that comes to (pure)."""

from collections.abc import Collection, Iterable

from msgspec import structs

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.socket_activation import sleeps
from ghostfix.model.errors import ExitCode
from ghostfix.model.finding import Check, CheckResult, Outcome, Severity
from ghostfix.model.reading import Source
from ghostfix.model.report import Verdict
from ghostfix.model.service import Service
from ghostfix.model.snapshot import NOT_OBSERVED, WEBHOOK_NOT_SENT, Snapshot
from ghostfix.service.instance import instances


def judge(
    snapshot: Snapshot,
    service: Service,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    checks: Iterable[Check] = CHECKS,
) -> tuple[CheckResult, ...]:
    """What each check says; one that crashes is a result, not an end."""
    looked_at = _with_known_logs(service, snapshot)
    chosen = [check for check in checks if (not only or check.code in only) and check.code not in skip]
    return tuple(_result(check, snapshot, service, looked_at) for check in chosen)


def _with_known_logs(service: Service, snapshot: Snapshot) -> Service:
    """The service with the logs of its jobs, which were read where the profile names none."""
    if service.logs or not snapshot.logs.value:
        return service
    return structs.replace(service, logs=tuple(log.path for log in snapshot.logs.value))


def _result(check: Check, snapshot: Snapshot, service: Service, looked_at: Service) -> CheckResult:
    def result(outcome: Outcome, reason: str | None = None, unread: bool = False) -> CheckResult:
        return CheckResult(check=check.code, title=check.title, outcome=outcome, reason=reason, unread=unread)

    inapplicable = check.applies(looked_at)
    if inapplicable is not None:
        return result(Outcome.SKIPPED, inapplicable)
    not_wanted = _not_wanted(check, snapshot, service)
    if not_wanted is not None:
        return result(Outcome.SKIPPED, not_wanted)
    try:
        findings = check.find(snapshot, service)
    except Exception as error:
        return result(Outcome.CRASHED, f"{type(error).__name__}: {error}")
    if findings:
        return CheckResult(check=check.code, title=check.title, outcome=Outcome.FOUND, findings=findings)
    problems = [problem for source in check.needs for problem in snapshot.problems(source)]
    if problems:
        return result(Outcome.SKIPPED, "; ".join(problems), unread=True)
    return result(Outcome.CLEAR)


def _not_wanted(check: Check, snapshot: Snapshot, service: Service) -> str | None:
    """Why there is nothing to judge: what the check needs is done on request only, or would start it."""
    if Source.WEBHOOK in check.needs and snapshot.webhook == WEBHOOK_NOT_SENT:
        return snapshot.webhook.problem
    if Source.OBSERVATION in check.needs and snapshot.observation == NOT_OBSERVED:
        return snapshot.observation.problem
    if {Source.WEBHOOK, Source.HEALTH} & {*check.needs} and sleeps(snapshot, service):
        return "it sleeps until its first connection, and to ask would be one"
    return None


def verdict(results: Iterable[CheckResult], snapshot: Snapshot, service: Service) -> Verdict:
    """What the results come to, for the service: warnings are shown, but do not make it ill."""
    results = tuple(results)
    errors = {
        finding.code
        for result in results
        for finding in result.findings
        if finding.severity is Severity.ERROR
    }
    if errors & {"not-running", "health-unreachable", "port-unbound"}:
        return Verdict.DOWN
    if errors:
        return Verdict.DOWN if not instances(snapshot, service) and service.instances else Verdict.DEGRADED
    if any(result.unread or result.outcome is Outcome.CRASHED for result in results):
        return Verdict.UNKNOWN
    return Verdict.HEALTHY


def exit_code(results: Iterable[CheckResult], fail_on: Severity) -> ExitCode:
    """What a diagnosis returns: findings come before what could not be read."""
    results = tuple(results)
    if any(finding.severity.rank >= fail_on.rank for result in results for finding in result.findings):
        return ExitCode.FINDINGS
    if any(result.outcome is Outcome.CRASHED for result in results):
        return ExitCode.INTERNAL
    if any(result.unread for result in results):
        return ExitCode.COULD_NOT_LOOK
    return ExitCode.HEALTHY


def health_in_words(snapshot: Snapshot, service: Service) -> str:
    """The health endpoint's answer in a few words: ``ok``, ``db is "down", not "up"``, ``not asked``."""
    if service.health is None:
        return "not asked: the profile names no health URL"
    answer = snapshot.health.value
    if answer is None:
        return snapshot.health.problem or "no answer"
    return "; ".join(answer.faults) or f"ok, HTTP {answer.answer.status}"
