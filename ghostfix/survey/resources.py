"""Resources: load, memory, disk, counts and network counters of the machine."""

from ghostfix.model.machine import System
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Resources


def collect(system: System, service: Service) -> Reading[Resources | None]:
    """The machine's own; the disk is the one that holds the service's directory."""
    return system.resources(service.directory)
