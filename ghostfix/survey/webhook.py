"""Webhook: what the service answers to its payload. The one collector that sends something."""

import msgspec

from ghostfix.model.machine import ActingSystem
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import HttpAnswer


def collect(system: ActingSystem, service: Service, unasked: str | None = None) -> Reading[HttpAnswer | None]:
    """Sends the profile's payload once; None when the profile names no webhook.

    ``unasked`` says why nothing must be sent: that would start the service.
    """
    wanted = service.webhook
    if wanted is None:
        return Reading(None)
    if unasked is not None:
        return Reading(None, unasked, complete=False)
    return Reading(system.post(wanted.url, msgspec.json.encode(wanted.payload), wanted.timeout))
