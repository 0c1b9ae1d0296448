"""The end of a log: the last record that can tell why a program ended, and its last lines as they are.

The lines may come from anywhere: a file, a journal, a manager's own log. The last record wins, never an older
one of another kind, and none from before the last start that is noted in the log.
"""

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from msgspec import Struct

from ghostfix.model.snapshot import LoggedError, Reason
from ghostfix.survey.logs.error_tally import SeenError, explained, one_error
from ghostfix.survey.logs.fatal_line import FatalLine, Weight, is_consequence, last_words
from ghostfix.survey.logs.log_line import LogLine, WrittenLine, read_line
from ghostfix.survey.logs.refusal import pid_of, port_named, port_of
from ghostfix.survey.logs.traceback_log import TracebackLog

QUOTED = 5
"""So many last lines are kept."""
_WIDTH = 300
_FOLLOWED_BY = 40
"""What more lines follow is not what ended the program: it went on."""
_GOES_ON = 60.0
"""Seconds: of what is followed by a later line than that the program did not die either."""
_BURST_LINES = 25
_BURST_SECONDS = 10.0
"""Records so near to each other are about one end: the reason, and what came of it."""
_BELOW = 3
_NODE_HINT = "(Use `node --trace-uncaught"
_TAKEN = {Reason.ADDRESS_IN_USE, Reason.ALREADY_RUNNING, Reason.LOCK_HELD}


class LogEnd(Struct, frozen=True, kw_only=True):
    """What stands at the end of a log; the lines of ``ending`` are counted from the first that was given."""

    ending: LoggedError | None
    last_lines: tuple[str, ...]
    lines: int
    """So many were given."""


class _Candidate(Struct, frozen=True, kw_only=True):
    """A record that can tell why a program ended."""

    begins: int
    ends: int
    weight: Weight
    error: LoggedError


def read_end(
    lines: Iterable[WrittenLine],
    now: float,
    zone: tzinfo | None = None,
    folder: str = "",
    written: float | None = None,
) -> LogEnd:
    """Reads the last lines of a log; what was written before the last start should not be among them.

    ``written`` is when the last of them was, where the source tells: the time of a last record without one.
    ``folder`` is the service's, whose own frames tell the place of an error first.
    """
    given = list(lines)
    log = TracebackLog(now, zone, folder)
    for line in given:
        log.feed(line.text, line.at)
    log.close(written)
    end = _End(given, now, zone, written)
    found = [*end.stacks(log.latest), *end.refusals(log.latest)]
    return LogEnd(ending=end.choose(found), last_lines=end.last_lines(), lines=len(given))


class _End:
    """The last lines of a log since the last start that is noted there; lines are numbered from 1."""

    def __init__(
        self, given: Sequence[WrittenLine], now: float, zone: tzinfo | None, written: float | None
    ) -> None:
        self._given, self._written = given, written
        first = max(0, len(given) - _FOLLOWED_BY - _BURST_LINES)
        self._read = {
            number: read_line(line.text[:2000].rstrip("\r\n"), now, zone, line.at)
            for number, line in enumerate(given[first:], start=first + 1)
        }
        self._started = self._last_start(now, zone)
        said = [number for number, line in self._read.items() if line.body.strip() and number > self._started]
        self._last = max(said, default=0)

    def _last_start(self, now: float, zone: tzinfo | None) -> int:
        marked = (
            n for n, line in enumerate(self._given, start=1) if line.text.startswith("--- ghostfix started")
        )
        return max((n for n in marked if read_line(self._given[n - 1].text, now, zone).starts), default=0)

    def last_lines(self) -> tuple[str, ...]:
        """The last ones that say anything, oldest first, cut to a readable width."""
        said = [line.body.rstrip() for number, line in self._read.items() if number > self._started]
        kept = [body for body in said if body.strip()][-QUOTED:]
        return tuple(body if len(body) <= _WIDTH else body[:_WIDTH] + "…" for body in kept)

    def stacks(self, latest: Iterable[SeenError]) -> list[_Candidate]:
        """The exceptions with their stack traces, unless the program says that it went on."""
        found = []
        for seen in latest:
            if seen.handled or seen.begins <= self._started or _is_one_line(seen):
                continue
            # A master tells with a stack of its own that a worker did not come up (gunicorn's HaltServer).
            weight = Weight.CONSEQUENCE if is_consequence(seen.message) else Weight.REASON
            found.append(_Candidate(begins=seen.begins, ends=seen.ends, weight=weight, error=one_error(seen)))
        return found

    def refusals(self, latest: Iterable[SeenError]) -> list[_Candidate]:
        """The lines that name a reason in words, outside of stack traces."""
        inside = [(seen.begins, seen.ends) for seen in latest if not _is_one_line(seen)]
        found = []
        for number, line in self._read.items():
            if number <= self._started or any(begins <= number <= ends for begins, ends in inside):
                continue
            told = self._thrown(number) if line.body.startswith(_NODE_HINT) else last_words(line)
            if told is not None:
                error = self._error(told, number, line)
                found.append(_Candidate(begins=number, ends=number, weight=told.weight, error=error))
        return found

    def _thrown(self, number: int) -> FatalLine | None:
        """What a Node program threw that is no Error: it stands above the hint how to find out more."""
        above = self._read.get(number - 1)
        return None if above is None else FatalLine(exception="Uncaught", message=above.body.strip())

    def _error(self, told: FatalLine, number: int, line: LogLine) -> LoggedError:
        message = self._with_what_follows(told.message, number)
        told_reason, subject = explained(told.exception, message)
        reason = told.reason if told_reason is Reason.EXCEPTION else told_reason
        at = line.at if line.at is not None else (self._written if number == self._last else None)
        return LoggedError(
            exception=told.exception,
            message=message,
            count=1,
            first_line=number,
            last_line=number,
            place=None if told.frame is None else told.frame.place,
            first_at=at,
            last_at=at,
            after=self._after(number) if at is None else None,
            reason=reason,
            about=self._subject(reason, subject, number),
        )

    def _with_what_follows(self, message: str, number: int) -> str:
        """The message, and the lines below when it ends where they begin: ``Error:``, ``*** ... ***``."""
        if not message.endswith((":", "***", "initialization of VM")):
            return message
        below = [
            self._read[n].body.strip() for n in range(number + 1, number + 1 + _BELOW) if n in self._read
        ]
        return " ".join([message, *(text for text in below if text)])[:1000]

    def _subject(self, reason: Reason, subject: str | None, number: int) -> str | None:
        """What it is about; PostgreSQL and Celery name port and PID in the line below only."""
        if reason not in _TAKEN:
            return subject
        below = [self._read[n].body for n in (number + 1, number + 2) if n in self._read]
        if reason is Reason.ADDRESS_IN_USE:
            named = next((port for text in below if (port := port_named(text)) is not None), None)
            return subject if subject is not None and port_of(subject) is not None else named or subject
        pid = next((pid for text in below if (pid := pid_of(text)) is not None), None)
        return subject if subject is not None and subject.startswith("pid ") else pid or subject

    def _after(self, number: int) -> float | None:
        above = (self._read[n].at for n in range(number - 1, 0, -1) if n in self._read)
        return next((at for at in above if at is not None), None)

    def choose(self, found: Iterable[_Candidate]) -> LoggedError | None:
        """Of the records about the last end the one that says most, and of those the last."""
        ordered = sorted((each for each in found if self._is_near(each)), key=lambda each: each.ends)
        if not ordered:
            return None
        burst = [each for each in ordered if _of_one_end(each, ordered[-1])]
        weight = max(each.weight for each in burst)
        chosen = [each for each in burst if each.weight is weight][-1]
        return _behind(chosen, burst).error

    def _is_near(self, candidate: _Candidate) -> bool:
        if self._last - candidate.ends > _FOLLOWED_BY:
            return False
        at, last = candidate.error.last_at, self._read[self._last].at
        return at is None or last is None or last - at <= _GOES_ON


def _is_one_line(seen: SeenError) -> bool:
    return seen.place is None and seen.ends == seen.begins


def _of_one_end(candidate: _Candidate, last: _Candidate) -> bool:
    if last.begins - candidate.ends > _BURST_LINES:
        return False
    at, end = candidate.error.last_at, last.error.last_at
    return at is None or end is None or end - at <= _BURST_SECONDS


def _behind(chosen: _Candidate, burst: Sequence[_Candidate]) -> _Candidate:
    """The record of which this one is the rest, or the consequence.

    A program tells one thing twice: with a stack trace and in a word, or with a hint in the line below. And
    one that cannot have its port goes on to say that it cannot connect to it.
    """
    for each in burst:
        if each.ends < chosen.begins and _tells_the_same(each, chosen):
            return each
    return chosen


def _words(error: LoggedError) -> tuple[str, str]:
    return error.exception, error.message


def _tells_the_same(first: _Candidate, second: _Candidate) -> bool:
    reasons = {first.error.reason, second.error.reason}
    subject = first.error.about
    if second.error.reason is Reason.CANNOT_CONNECT and first.error.reason is Reason.ADDRESS_IN_USE:
        port = None if subject is None else port_of(subject)
        return port is not None and port == port_of(second.error.about or "")
    if second.begins - first.ends > _BELOW:
        return False
    if _words(first.error) == _words(second.error):
        return False  # the same again
    if second.error.message in first.error.message:
        return True
    alike = len(reasons) == 1 or reasons <= _TAKEN
    return alike and subject is not None and subject == second.error.about
