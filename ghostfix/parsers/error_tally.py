"""Counting errors: those of the same type whose messages differ in numbers only are one kind."""

from msgspec import Struct, structs

from ghostfix.pattern import Pattern
from ghostfix.snapshot import LoggedError

KINDS_KEPT = 200
"""So many kinds of errors are kept; of more, those seen last."""
_NUMBER = Pattern(r"0x[0-9a-fA-F]+|\d+")


class SeenError(Struct, kw_only=True):
    """One error, seen once; changed while its lines are being read."""

    exception: str = ""
    message: str = ""
    line: int = 0
    """Where it is named."""
    place: str | None = None
    at: float | None = None
    handled: bool = False


class ErrorTally:
    """How often each kind of error was seen, and when."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, str, bool], LoggedError] = {}
        self.forgotten = 0
        """Kinds of errors that were left out because there were too many."""

    def count(self, error: SeenError) -> None:
        """Counts one more; the message that is kept is the latest."""
        key = (error.exception, _NUMBER.sub("#", error.message), error.handled)
        known = self._kinds.pop(key, None)
        self._kinds[key] = _first(error) if known is None else _again(known, error)
        if len(self._kinds) > KINDS_KEPT:
            del self._kinds[next(iter(self._kinds))]
            self.forgotten += 1

    @property
    def errors(self) -> tuple[LoggedError, ...]:
        """The kinds of errors, in the order in which they were first seen."""
        return tuple(sorted(self._kinds.values(), key=lambda kind: kind.first_line))


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
        handled=error.handled,
    )


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
    )
