"""Log faults: which of the exceptions in the service's logs are about the service as it is now."""

import re
from enum import Enum

from msgspec import Struct, structs

from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LogExcerpt, LoggedError, Reason, Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.instance import instances
from ghostfix.survey.logs.log_line import not_before
from ghostfix.survey.logs.refusal import port_of

RECENT = 120.0
"""Seconds: an exception that came this short a time before the survey is still going on."""
REPEATED = 3
_DAY = 86400.0
_NONE_COMPARED = Pattern(r"'(<|>|<=|>=)' not supported between instances of .*'NoneType'")
_ADDRESS_IN_USE = Pattern(r"address already in use|EADDRINUSE|\[Errno (98|48)\]", re.IGNORECASE)
_MODULE = Pattern(r"No module named '?([\w.]+)'?|Cannot find module '([^']+)'")


class FaultFamily(Enum):
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
    ended: bool = False
    """Nothing runs, and the first of them is the last record of the logs: with it the service ended."""
    overtaken: bool = False
    """Nothing runs, and the service ended with another record: it got past these."""

    @property
    def count(self) -> int:
        return sum(error.count for error in self.errors)

    @property
    def confidence(self) -> Confidence:
        return Confidence.CERTAIN if self.dated else Confidence.POSSIBLE

    def goes_on(self, taken_at: float) -> bool:
        """Repeated, and seen again just before the survey."""
        last = max((error.last_at for error in self.errors if error.last_at is not None), default=None)
        return self.count >= REPEATED and last is not None and taken_at - last <= RECENT


class LogEnding(Struct, frozen=True, kw_only=True):
    """The last record of the service's logs, and the log that has it."""

    log: LogExcerpt
    error: LoggedError


def family(error: LoggedError) -> FaultFamily:
    """Which known cause an exception has."""
    if error.exception.rpartition(".")[2] == "TypeError" and _NONE_COMPARED.search(error.message):
        return FaultFamily.NONE_COMPARED
    if error.reason is Reason.ADDRESS_IN_USE or _ADDRESS_IN_USE.search(error.message):
        return FaultFamily.ADDRESS_IN_USE
    return FaultFamily.MISSING_MODULE if module_of(error) is not None else FaultFamily.OTHER


def module_of(error: LoggedError) -> str | None:
    """The module that could not be found, when that is what the exception says."""
    found = _MODULE.search(error.message)
    if found is not None:
        return found.group(1) or found.group(2)
    return error.about if error.reason is Reason.MISSING_MODULE else None


@worked_out_once
def ending(snapshot: Snapshot, service: Service) -> LogEnding | None:
    """The last record of the logs, of the last day, with which the service ended; None while it runs."""
    if instances(snapshot, service) or not snapshot.processes.complete:
        return None
    since = snapshot.taken_at - _DAY
    endings = [
        LogEnding(log=log, error=log.ending)
        for log in snapshot.logs.value
        if log.ending is not None and _came(log.ending, log, since)
    ]
    return max(endings, key=lambda each: _latest(each.error, each.log), default=None)


def _latest(error: LoggedError, log: LogExcerpt) -> float:
    known = [at for at in (error.last_at, error.after) if at is not None]
    return max(known, default=log.modified)


def port_is_free(error: LoggedError, snapshot: Snapshot, service: Service) -> bool:
    """Whether no process listens now on the port that was taken; false when that is not known."""
    named = None if error.about is None else port_of(error.about)
    if error.about is not None and named is None:
        return False  # a socket in the file system
    ports = (named,) if named is not None else service.ports
    if not ports or not snapshot.listeners.complete:
        return False
    return not {listener.port for listener in snapshot.listeners.value}.intersection(ports)


def faults(snapshot: Snapshot, service: Service, wanted: FaultFamily) -> tuple[LogFaults, ...]:
    """One entry a log with errors of this family; old and handled ones are left out.

    What counts came since the oldest running instance started, or in the last day when none runs. Then the
    last record of the logs is an error as well, in whatever words it says why the service ended.
    """
    since = min(
        (instance.root.id.started for instance in instances(snapshot, service)),
        default=snapshot.taken_at - _DAY,
    )
    end = ending(snapshot, service)
    went_on = _went_on(snapshot, service)
    found = []
    for log in snapshot.logs.value:
        last = end.error if end is not None and end.log is log and family(end.error) is wanted else None
        errors = [
            _counted(error, since)
            for error in log.errors
            if not error.handled and family(error) is wanted and error != last and _came(error, log, since)
        ]
        errors.sort(key=lambda error: -error.count)
        if last is not None:
            errors.insert(0, last)
        if errors:
            found.append(
                LogFaults(
                    log=log,
                    errors=tuple(errors),
                    dated=all(_is_dated(error, since) for error in errors),
                    ended=last is not None,
                    overtaken=went_on and last is None,
                )
            )
    return tuple(found)


def _went_on(snapshot: Snapshot, service: Service) -> bool:
    """Whether only a last record can have ended the service: nothing runs, and ends of logs were read."""
    if instances(snapshot, service) or not snapshot.processes.complete:
        return False
    return any(log.last_lines for log in snapshot.logs.value)


def _counted(error: LoggedError, since: float) -> LoggedError:
    """With the number of those that came since the start, where it is known of any."""
    known = error.since_start
    return structs.replace(error, count=known) if known and _is_dated(error, since) else error


def _is_dated(error: LoggedError, since: float) -> bool:
    """Whether it is known to have come since then: by its own time, or that of a line above it."""
    return error.last_at is not None or (error.after is not None and not_before(error.after, since))


def _came(error: LoggedError, log: LogExcerpt, since: float) -> bool:
    """Without a time of its own, an error cannot be younger than its log."""
    if error.last_at is not None:
        return not_before(error.last_at, since)
    return not_before(log.modified, since)
