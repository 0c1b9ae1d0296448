"""HTTP answer: what is wrong with what a URL of the service answered."""

from ghostfix.model.service import WebhookWanted
from ghostfix.model.snapshot import HealthAnswer, HttpAnswer


def unreachable(health: HealthAnswer) -> str | None:
    """Why there is no HTTP answer at all; None when there is one, however bad."""
    return health.faults[0] if health.answer.status is None else None


def complaints(health: HealthAnswer) -> tuple[str, ...]:
    """What an answer that came says that it should not: its status, and every expectation that is not met."""
    return () if health.answer.status is None else health.faults


def self_assessment(health: HealthAnswer) -> str | None:
    """The document's own ``status``, when it is one that no healthy service gives."""
    summary = health.summary
    words = {"degraded", "down", "unhealthy", "error", "fail", "failed", "failing", "critical"}
    return summary if summary is not None and summary.strip().strip('"').lower() in words else None


def webhook_fault(answer: HttpAnswer, wanted: WebhookWanted) -> str | None:
    """Why a webhook's answer is not the one that the profile expects; None when it is."""
    if answer.status is None:
        return answer.problem or "no answer"
    if answer.status in wanted.expect_status:
        return None
    return f"HTTP status {answer.status}, not {' or '.join(map(str, wanted.expect_status))}"


def webhook_broken(answer: HttpAnswer, wanted: WebhookWanted) -> bool:
    """A fault that a restart may mend: no answer, or the server's own error. A refused payload is none."""
    fault = webhook_fault(answer, wanted)
    return fault is not None and (answer.status is None or answer.status >= 500)
