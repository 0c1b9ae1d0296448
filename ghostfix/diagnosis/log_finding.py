"""Log findings: how the checks of logs report, alike for every family of exceptions."""

from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.instance_health import is_well
from ghostfix.diagnosis.log_faults import LogFaults
from ghostfix.model.finding import Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.model.job import Place
from ghostfix.model.pattern import Pattern
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LoggedError, Reason, Snapshot
from ghostfix.model.text_units import lasting
from ghostfix.survey.logs.stack_frame import LIBRARY, Frame

_MESSAGE = 200
_HEADLINE = 100
_QUOTED = Pattern(r"'[^']*'|\"[^\"]*\"")
_IN_WORDS = {Reason.ALREADY_RUNNING: "another instance runs", Reason.LOCK_HELD: "its lock is held"}


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
    pressing = (faults.dated or faults.ended) and (goes_on or not is_well(snapshot, service))
    severity = Severity.ERROR if pressing else Severity.WARNING
    return Finding(
        code=code,
        severity=Severity.INFO if faults.overtaken else severity,
        summary=f"{named(worst)} × {worst.count} in {faults.log.path}{more}",
        cause=cause,
        subject=Subject(SubjectKind.FILE, faults.log.path),
        short=short or headline(worst, service, faults.count),
        confidence=faults.confidence,
        doubt=None
        if faults.dated or faults.ended
        else "The log lines have no time: they may be from before the last start.",
        evidence=bounded(_seen(error, faults, snapshot) for error in faults.errors),
    )


def named(error: LoggedError) -> str:
    """``TypeError: '>' not supported ...``, cut at 200 characters; without an exception its own words."""
    return _cut(": ".join(part for part in (error.exception, error.message) if part), _MESSAGE)


def headline(error: LoggedError, service: Service, count: int) -> str:
    """One link of a chain: ``KeyError 'DATABASE_URL' at app.py:2``, ``ValueError: bad at a.py:7 × 3``."""
    if not error.exception:
        text = refusal(error) or error.message
    elif _QUOTED.fullmatch(error.message):
        text = f"{error.exception} {error.message}"
    else:
        text = named(error)
    place = own_place(error, service)
    has_place = place is None or place.rpartition(":")[0] in text
    where = "" if has_place else f" at {place}"
    times = f" × {count}" if count > 1 else ""
    # An arrow in a message would be read as a link of the chain.
    return _cut(text, _HEADLINE).replace("→", "->") + where + times


def refusal(error: LoggedError) -> str | None:
    """What the program met, in short: ``another instance runs (pid 4711)``; None when its words say it."""
    words = _IN_WORDS.get(error.reason)
    return None if words is None or error.about is None else f"{words} ({error.about})"


def own_place(error: LoggedError, service: Service) -> str | None:
    """File and line as the service's people call it; None where only a library's is known."""
    if error.place is None:
        return None
    file, _, line = error.place.rpartition(":")
    if not line.isdecimal() or Frame(file, int(line)).rank(service.directory) == LIBRARY:
        return None
    return error.place.removeprefix(service.directory.rstrip("/") + "/")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _seen(error: LoggedError, faults: LogFaults, snapshot: Snapshot) -> Evidence:
    lines = (
        f"line {error.last_line}"
        if error.first_line == error.last_line
        else f"lines {error.first_line} to {error.last_line}"
    )
    where = "" if error.place is None else f", raised at {error.place}"
    when = ""
    if error.last_at is not None:
        when = f", last {lasting(snapshot.taken_at - error.last_at)} before this look"
    elif error.after is not None:
        when = f", less than {lasting(snapshot.taken_at - error.after)} before this look"
    if not error.last_line:
        return Evidence(
            f"{named(error)} × {error.count}, at the end of the log{where}{when}", Place(faults.log.path)
        )
    counting = " of the part that was read" if faults.log.read_from else ""
    text = f"{named(error)} × {error.count}, {lines}{counting}{where}{when}"
    return Evidence(text, Place(faults.log.path, error.last_line))
