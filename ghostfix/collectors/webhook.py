"""Webhook: what the service answers to its payload. The one collector that sends something."""

import msgspec

from ghostfix.machine import ActingSystem
from ghostfix.reading import Reading
from ghostfix.service import Service
from ghostfix.snapshot import HttpAnswer


def collect(system: ActingSystem, service: Service) -> Reading[HttpAnswer | None]:
    """Sends the profile's payload once; None when the profile names no webhook."""
    wanted = service.webhook
    if wanted is None:
        return Reading(None)
    return Reading(system.post(wanted.url, msgspec.json.encode(wanted.payload), wanted.timeout))
