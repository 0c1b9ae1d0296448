"""Log findings: how the checks of logs report, alike for every family of exceptions."""

from ghostfix.aspects.logged import LogFaults
from ghostfix.aspects.soundness import is_well
from ghostfix.aspects.wording import bounded
from ghostfix.finding import Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.job import Place
from ghostfix.pages.phrase import lasting
from ghostfix.service import Service
from ghostfix.snapshot import LoggedError, Snapshot

_MESSAGE = 200


def log_finding(
    code: str,
    faults: LogFaults,
    cause: str,
    snapshot: Snapshot,
    service: Service,
    *,
    short: str | None = None,
    also_when_well: bool = True,
) -> Finding:
    """One finding for one log: an error when the service is ill or the exceptions go on, else a warning.

    ``also_when_well`` is false for exceptions that say nothing once the service is well again.
    """
    worst = faults.errors[0]
    others = len(faults.errors) - 1
    more = f", and {others} other {'kind' if others == 1 else 'kinds'}" if others else ""
    goes_on = also_when_well and faults.goes_on(snapshot.taken_at)
    pressing = faults.dated and (goes_on or not is_well(snapshot, service))
    return Finding(
        code=code,
        severity=Severity.ERROR if pressing else Severity.WARNING,
        summary=f"{named(worst)} × {worst.count} in {faults.log.path}{more}",
        cause=cause,
        subject=Subject(SubjectKind.FILE, faults.log.path),
        short=short or f"traceback × {faults.count}",
        confidence=faults.confidence,
        doubt=None if faults.dated else "The log lines have no time: they may be from before the last start.",
        evidence=bounded(_seen(error, faults, snapshot) for error in faults.errors),
    )


def named(error: LoggedError) -> str:
    """``TypeError: '>' not supported ...``, cut at 200 characters."""
    text = f"{error.exception}: {error.message}" if error.message else error.exception
    return text if len(text) <= _MESSAGE else text[:_MESSAGE] + "…"


def _seen(error: LoggedError, faults: LogFaults, snapshot: Snapshot) -> Evidence:
    lines = (
        f"line {error.first_line}"
        if error.first_line == error.last_line
        else f"lines {error.first_line} to {error.last_line}"
    )
    where = "" if error.place is None else f", raised at {error.place}"
    when = (
        ""
        if error.last_at is None
        else f", last {lasting(snapshot.taken_at - error.last_at)} before this look"
    )
    counting = " of the part that was read" if faults.log.read_from else ""
    text = f"{named(error)} × {error.count}, {lines}{counting}{where}{when}"
    return Evidence(text, Place(faults.log.path, error.last_line))
