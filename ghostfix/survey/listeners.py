"""Listeners: who listens on which TCP port."""

from ghostfix.model.machine import System
from ghostfix.model.process import Listener
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service


def collect(system: System, service: Service) -> Reading[tuple[Listener, ...]]:
    """Every listening socket of the machine.

    That the owner of some other port is hidden (a daemon of root's, seen by an ordinary user) does not
    matter to this service, so the reading is incomplete only when a socket on one of the service's ports has
    no visible owner, or when the sockets could not be read at all.
    """
    reading = system.listeners()
    if reading.complete or not reading.value:
        return reading
    hidden = {listener.port for listener in reading.value if not listener.owners}
    if hidden and not hidden.intersection(service.ports):
        return Reading(reading.value, reading.problem)
    if not hidden and {listener.port for listener in reading.value}.issuperset(service.ports):
        return Reading(reading.value, reading.problem)
    return reading
