"""Error tally: those of a type whose messages differ in numbers and random names only are one kind."""

from array import array

from msgspec import Struct, structs

from ghostfix.model.pattern import Pattern
from ghostfix.model.snapshot import LoggedError, Reason
from ghostfix.survey.logs.log_line import not_before
from ghostfix.survey.logs.refusal import about, reason_of
from ghostfix.survey.logs.stack_frame import Frame

KINDS_KEPT = 200
"""So many kinds of errors are kept; of more, those seen last."""
TIMES_KEPT = 2_000
"""So many times of one kind are kept, the latest ones, to count those since a start."""
_VARYING = Pattern(
    r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|(?<![A-Za-z0-9])tmp[._-]?[A-Za-z0-9_]{4,}"  # mkstemp, mktemp and Python's tempfile
    r"|(?<![A-Za-z0-9])(?=[a-f]*\d)[0-9a-f]{8,}(?![A-Za-z0-9])"
    # Letters and digits by turns, as in no language's words: session IDs, hashes in other alphabets.
    r"|(?<![A-Za-z0-9])(?=\w{6})[A-Za-z]*\d+[A-Za-z]+\d[A-Za-z0-9]*|\d+"
)


class SeenError(Struct, kw_only=True):
    """One error, seen once; changed while its lines are being read."""

    exception: str = ""
    message: str = ""
    line: int = 0
    """Where it is named."""
    begins: int = 0
    ends: int = 0
    """Its first and last line."""
    place: str | None = None
    at: float | None = None
    after: float | None = None
    """When it has no time of its own: that of the nearest line above that has one."""
    handled: bool = False
    rank: int = -1
    """How much its place is the user's own code."""

    def inner(self, frame: Frame, folder: str) -> None:
        """Takes a frame that lies deeper than those before it: the deepest of the user's own is the place."""
        rank = frame.rank(folder)
        if frame.openable and rank >= self.rank:
            self.place, self.rank = frame.place, rank

    def outer(self, frame: Frame, folder: str) -> None:
        """Takes a frame that called those before it."""
        rank = frame.rank(folder)
        if frame.openable and rank > self.rank:
            self.place, self.rank = frame.place, rank


Kind = tuple[str, str, bool]


def kind_of(exception: str, message: str, handled: bool) -> Kind:
    """What errors of one kind have in common: all but numbers, addresses and random names."""
    return exception, _VARYING.sub("#", message), handled


class ErrorTally:
    """How often each kind of error was seen, and when."""

    def __init__(self) -> None:
        self._kinds: dict[Kind, LoggedError] = {}
        self._times: dict[Kind, array[float]] = {}
        self.forgotten = 0
        """Kinds of errors that were left out because there were too many."""

    def count(self, error: SeenError) -> None:
        """Counts one more; the message that is kept is the latest."""
        key = kind_of(error.exception, error.message, error.handled)
        known = self._kinds.pop(key, None)
        self._kinds[key] = _first(error) if known is None else _again(known, error)
        self._note(key, error.at if error.at is not None else error.after)
        if len(self._kinds) > KINDS_KEPT:
            forgotten = next(iter(self._kinds))
            del self._kinds[forgotten]
            self._times.pop(forgotten, None)
            self.forgotten += 1

    def _note(self, key: Kind, earliest: float | None) -> None:
        """Keeps when it came at the earliest, in bounded memory."""
        if earliest is None:
            return
        times = self._times.setdefault(key, array("d"))
        times.append(earliest)
        if len(times) > 2 * TIMES_KEPT:
            del times[:-TIMES_KEPT]

    @property
    def errors(self) -> tuple[LoggedError, ...]:
        """The kinds of errors, in the order in which they were first seen."""
        kinds = sorted(self._kinds.values(), key=lambda kind: kind.first_line)
        return tuple(_explained(kind) for kind in kinds)

    def since(self, error: LoggedError, start: float) -> int:
        """How many errors of this kind are known to have come since then, of the latest that are kept."""
        times = self._times.get(kind_of(error.exception, error.message, error.handled), ())
        return sum(not_before(at, start) for at in times)


def one_error(error: SeenError) -> LoggedError:
    """An error that was seen once, with the reason that its words give."""
    return _explained(_first(error))


def _explained(kind: LoggedError) -> LoggedError:
    reason, subject = explained(kind.exception, kind.message)
    return structs.replace(kind, reason=reason, about=subject)


def _first(error: SeenError) -> LoggedError:
    return LoggedError(
        exception=error.exception,
        message=error.message,
        count=1,
        first_line=error.line,
        last_line=error.line,
        place=error.place,
        first_at=error.at,
        last_at=error.at,
        after=error.after,
        handled=error.handled,
    )


def explained(exception: str, message: str) -> tuple[Reason, str | None]:
    """The reason that an exception's words give, and what it is about."""
    words = f"{exception}: {message}"
    reason = reason_of(words)
    if reason is Reason.OTHER:
        return Reason.EXCEPTION, None
    return reason, about(reason, message)


def _again(known: LoggedError, error: SeenError) -> LoggedError:
    return structs.replace(
        known,
        message=error.message,
        count=known.count + 1,
        first_line=min(known.first_line, error.line),
        last_line=max(known.last_line, error.line),
        place=error.place or known.place,
        first_at=error.at if known.first_at is None else known.first_at,
        last_at=known.last_at if error.at is None else error.at,
        after=error.after,
    )
