"""Resources: load, memory, disk, counts and network counters of the machine."""

from ghostfix.machine import System
from ghostfix.reading import Reading
from ghostfix.service import Service
from ghostfix.snapshot import Resources


def collect(system: System, service: Service) -> Reading[Resources | None]:
    """The machine's own; the disk is the one that holds the service's directory."""
    return system.resources(service.directory)
