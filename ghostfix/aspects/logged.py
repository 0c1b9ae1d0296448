"""Logged: which of the exceptions in the service's logs are about the service as it is now."""

import re
from enum import Enum

from msgspec import Struct

from ghostfix.instance import instances
from ghostfix.pattern import Pattern
from ghostfix.reading import Confidence
from ghostfix.service import Service
from ghostfix.snapshot import LogExcerpt, LoggedError, Snapshot

RECENT = 120.0
"""Seconds: an exception that came this short a time before the look is still going on."""
REPEATED = 3
_DAY = 86400.0
_WHOLE_SECOND = 1.0
"""What a timestamp without a fraction leaves out."""
_CLOCK_TICK = 0.05
"""Kernels count a process's start in ticks of at most this many seconds."""

_NONE_COMPARED = Pattern(r"'(<|>|<=|>=)' not supported between instances of .*'NoneType'")
_ADDRESS_IN_USE = Pattern(r"address already in use|EADDRINUSE|\[Errno (98|48)\]", re.IGNORECASE)
_MODULE = Pattern(r"No module named '?([\w.]+)'?|Cannot find module '([^']+)'")


class Family(Enum):
    """What is known of an exception's cause."""

    NONE_COMPARED = "none-compared"
    ADDRESS_IN_USE = "address-in-use"
    MISSING_MODULE = "missing-module"
    OTHER = "other"


class LogFaults(Struct, frozen=True, kw_only=True):
    """The unhandled exceptions of one family in one log, the most frequent first."""

    log: LogExcerpt
    errors: tuple[LoggedError, ...]
    dated: bool
    """Every one of them is known to have come since the start of the service that runs now."""

    @property
    def count(self) -> int:
        return sum(error.count for error in self.errors)

    @property
    def confidence(self) -> Confidence:
        return Confidence.CERTAIN if self.dated else Confidence.POSSIBLE

    def goes_on(self, taken_at: float) -> bool:
        """Repeated, and seen again just before the look."""
        last = max((error.last_at for error in self.errors if error.last_at is not None), default=None)
        return self.count >= REPEATED and last is not None and taken_at - last <= RECENT


def family(error: LoggedError) -> Family:
    """Which known cause an exception has."""
    if error.exception.rpartition(".")[2] == "TypeError" and _NONE_COMPARED.search(error.message):
        return Family.NONE_COMPARED
    if _ADDRESS_IN_USE.search(error.message):
        return Family.ADDRESS_IN_USE
    return Family.MISSING_MODULE if module_of(error) is not None else Family.OTHER


def module_of(error: LoggedError) -> str | None:
    """The module that could not be found, when that is what the exception says."""
    found = _MODULE.search(error.message)
    return None if found is None else found.group(1) or found.group(2)


def faults(snapshot: Snapshot, service: Service, wanted: Family) -> tuple[LogFaults, ...]:
    """One entry a log with exceptions of this family; old and handled ones are left out.

    What counts came since the oldest running instance started, or in the last day when none runs.
    """
    since = min(
        (instance.root.id.started for instance in instances(snapshot, service)),
        default=snapshot.taken_at - _DAY,
    )
    found = []
    for log in snapshot.logs.value:
        errors = [
            error
            for error in log.errors
            if not error.handled and family(error) is wanted and _since(error, log, since)
        ]
        if errors:
            errors.sort(key=lambda error: -error.count)
            dated = all(error.last_at is not None for error in errors)
            found.append(LogFaults(log=log, errors=tuple(errors), dated=dated))
    return tuple(found)


def _since(error: LoggedError, log: LogExcerpt, since: float) -> bool:
    """Without a time of its own, an exception cannot be younger than its log."""
    last = log.modified if error.last_at is None else error.last_at
    return last >= since - (_WHOLE_SECOND if last.is_integer() else _CLOCK_TICK)
