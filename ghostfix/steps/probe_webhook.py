"""Sends a test document to the service's webhook."""

from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.service import WebhookWanted
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS_TO_LISTEN = 10.0
_POLL_EVERY = 0.2


class ProbeWebhook(Step, frozen=True, kw_only=True, tag="probe-webhook"):
    """POSTs the profile's payload once; the answer must have one of the expected statuses."""

    phase: ClassVar[Phase] = Phase.VERIFY
    reversible: ClassVar[bool] = False
    title: ClassVar[str] = "Sends a test document to the service's webhook"

    webhook: WebhookWanted

    def preview(self) -> str:
        wanted = " or ".join(str(status) for status in self.webhook.expect_status)
        return f"send a test document to {self.webhook.url}, and expect HTTP {wanted}"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        return None

    def capture(self, system: System) -> Captured:
        return Captured()

    def apply(self, system: ActingSystem) -> str:
        _wait_for_listener(system, self.webhook.url)
        body = msgspec.json.encode(self.webhook.payload)
        answer = system.post(self.webhook.url, body, self.webhook.timeout)
        if answer.status is None:
            raise StepError(f"{self.webhook.url} did not answer: {answer.problem}")
        if answer.status not in self.webhook.expect_status:
            raise StepError(f"{self.webhook.url} answered HTTP {answer.status}: {answer.body.strip()[:200]}")
        return f"HTTP {answer.status} in {answer.elapsed:.2f} s"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        return "a document that was sent stays sent"


def _wait_for_listener(system: System, url: str) -> None:
    """Waits until a process listens on a local URL's port: a service that has just started needs a moment.

    The document itself is sent once only.
    """
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    deadline = system.monotonic() + _SECONDS_TO_LISTEN
    while system.monotonic() < deadline:
        if any(listener.port == port for listener in system.listeners().value):
            return
        system.wait(_POLL_EVERY)
