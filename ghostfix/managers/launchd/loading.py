"""Loading a job into a domain of launchd, and taking it out of it."""

from ghostfix.managers.launchd.launchctl import (
    ALREADY_LOADED,
    BEING_LOADED,
    GENERIC_FAILURE,
    IN_PROGRESS,
    NOT_FOUND,
    NOT_LOADED,
)
from ghostfix.managers.launchd.state import LAUNCHCTL, complaint, loaded_job
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, CommandAnswer, System

_UNLOADED_WITHIN = 30.0
"""Seconds: launchd gives a job 20 by default before it kills it."""
_POLL = 0.2
_TIMEOUT = 60.0


def denied(system: System, domain: str, label: str) -> str | None:
    """Why the caller may not act on a job of this domain; None when they may."""
    caller = system.caller()
    if caller.uid == 0:
        return None
    if domain == "system":
        return f"{domain}/{label} belongs to the system: only root can hold it (run ghostfix with sudo)"
    if domain.rpartition("/")[2] != str(caller.uid):
        return f"{domain}/{label} belongs to another user: only he or root can hold it"
    return None


def is_loaded(system: System, target: str) -> bool:
    """Whether launchd has the job ``DOMAIN/LABEL``; raises StepError when that cannot be read."""
    reading = loaded_job(system, target)
    if not reading.complete:
        raise StepError(reading.problem or f"the state of {target} could not be read")
    return reading.value is not None


def launchctl(system: ActingSystem, *words: str) -> CommandAnswer:
    return system.command((LAUNCHCTL, *words), timeout=_TIMEOUT)


def boot_out(system: ActingSystem, target: str) -> None:
    """Boots a job out and waits until launchd no longer knows it: a job may take long to end."""
    answer = launchctl(system, "bootout", target)
    under_way = (0, NOT_LOADED, NOT_FOUND, IN_PROGRESS)
    if answer.status not in under_way and is_loaded(system, target):
        raise StepError(f"launchctl bootout {target}: {complaint(answer)}")
    deadline = system.monotonic() + _UNLOADED_WITHIN
    while is_loaded(system, target):
        if system.monotonic() >= deadline:
            raise StepError(f"{target} is still loaded {_UNLOADED_WITHIN:.0f} s after its bootout")
        system.wait(_POLL)


def bootstrap(system: ActingSystem, target: str, plist: str) -> None:
    """Loads the job ``DOMAIN/LABEL`` from its plist; one that is loaded already stays as it is."""
    domain = target.rpartition("/")[0]
    answer = launchctl(system, "bootstrap", domain, plist)
    perhaps_loaded = (GENERIC_FAILURE, ALREADY_LOADED, BEING_LOADED)
    if answer.status == 0 or (answer.status in perhaps_loaded and is_loaded(system, target)):
        return
    raise StepError(f"launchctl bootstrap {domain} {plist}: {complaint(answer)}")
