"""A traceback that is being read: which lines are its own, and what they say."""

import re

from msgspec import Struct

from ghostfix.parsers.error_line import exception_line, known_error, node_error
from ghostfix.parsers.error_tally import SeenError
from ghostfix.parsers.log_line import LogLine
from ghostfix.pattern import Pattern

HEADER = "Traceback (most recent call last):"
FRAME = Pattern(r'^(?:\s*|> ?)File "([^"]{1,1024})", line (\d{1,9})(?:, in (.*))?')
_FOREIGN_LIMIT = 40
"""After so many lines that are not its own a traceback is given up as cut off."""
_CHAIN_LIMIT = 20
"""So many lines may lie between an exception and the words that chain it to the next."""
_PREFIX_LIMIT = 300
"""A header further into its line than so many characters stands there by chance."""
_CHAINED = Pattern(
    r"^\s*(?:During handling of the above exception, another exception occurred"
    r"|The above exception was the direct cause of the following exception)"
)
_GROUP_HEADER = Pattern(r"(?:\s*\+ )?Exception Group $")
_GROUP_MARGIN = Pattern(r"^\s*[|+](?![ ]?Exception Group)")
_GROUP_BODY = Pattern(r"^\s*\| ?")


class OpenTraceback(Struct, kw_only=True):
    """A traceback from its header on, of one carrier; with the exceptions that are chained to it."""

    error: SeenError
    prefix: re.Pattern[str] | None = None
    """What stands before every line of it, numbers generalised; None when nothing does."""
    prefix_proven: bool = False
    group: bool = False
    quiet: bool = False
    """The record that it belongs to was logged below ERROR."""
    hint: SeenError | None = None
    """The one-line error just before it: the same event, told twice."""
    top_level: bool = False
    """Its outermost frame is a module: nobody was there to catch it."""
    frames: int = 0
    foreign: int = 0
    waiting: int = 0
    """Headers of other tracebacks that began before this one ended."""
    ended: bool = False
    """Its exception was read; the next may be chained to it."""
    chained: bool = False
    since_end: int = 0

    @property
    def lost(self) -> bool:
        """Whether so much else was read that its end is not to be expected any more."""
        return self.foreign > _FOREIGN_LIMIT

    def own(self, line: LogLine) -> str | None:
        """The line without what stands before each line of this traceback; None for somebody else's."""
        if self.prefix is not None:
            match = self.prefix.match(line.body)
            if match is not None:
                self.prefix_proven = True
                return line.body[match.end() :]
            if self.prefix_proven:
                return None
            if line.body[:1].isspace():
                self.prefix = None
        elif line.at is not None and not line.body[:1].isspace() and not line.carrier:
            return None
        return line.body

    def take(self, body: str, number: int) -> bool:
        """Takes a line, the ``number``-th of the log, as its own; false when it cannot be."""
        if header(body) is not None:
            self._another_header(body)
            return True
        if self.group and (margin := _GROUP_BODY.match(body)) is not None:
            body = body[margin.end() :]
        frame = FRAME.match(body)
        if frame is not None:
            self.frames += 1
            self.top_level = self.top_level or (self.frames == 1 and frame[3] == "<module>")
            self.error.place = f"{frame[1]}:{frame[2]}"
            return True
        if not body.strip() or body[:1].isspace() or body.startswith(("...", "[Previous line repeated")):
            return True
        named = exception_line(body)
        if named is None:
            return False
        self.error.exception, self.error.message, self.error.line = named.exception, named.message, number
        self.ended, self.chained, self.since_end = True, False, 0
        return True

    def _another_header(self, body: str) -> None:
        """A header where none was due: the next of a chain, or another thread's."""
        if self.chained:
            self.chained, self.frames, self.group = False, 0, "Exception Group" in body
        else:
            self.waiting += 1

    def goes_on(self, line: LogLine, body: str | None) -> bool:
        """After its exception: whether this is the rest of its message, or the next of its chain."""
        self.since_end += 1
        text = line.body if body is None else body
        if _CHAINED.match(text):
            self.ended, self.chained, self.foreign = False, True, 0
            return True
        if self.group and _GROUP_MARGIN.match(text) is not None:
            self.since_end = 0
            return True
        if not text.strip():
            return self.since_end <= _CHAIN_LIMIT
        return self.since_end <= _CHAIN_LIMIT and not _tells_something_else(line, text)

    def chain(self, body: str) -> bool:
        """Whether this line chains the next exception to the one that was read."""
        if self.ended and _CHAINED.match(body):
            self.ended, self.chained = False, True
            return True
        return False

    def close(self) -> SeenError:
        """The error that it tells, as far as it was read."""
        if not self.error.exception:
            known = self.hint or SeenError(exception="Traceback", message="(cut off before its last line)")
            self.error.exception, self.error.message = known.exception, known.message
        self.error.handled = self.quiet and not self.top_level
        return self.error


def within_margin(body: str) -> str | None:
    """A line of an exception group without its margin, ``    | ``; None when it has none."""
    margin = _GROUP_BODY.match(body)
    return None if margin is None else body[margin.end() :]


def header(body: str) -> int | None:
    """Where a traceback's header stands in a line; None in the margin of an exception group."""
    start = body.find(HEADER)
    return None if start < 0 or body.lstrip().startswith("|") else start


def begin(before: str, record: LogLine, error: SeenError, hint: SeenError | None) -> OpenTraceback:
    """Opens a traceback. ``before`` stands before its header, ``record`` is the line that announces it."""
    if len(before) > _PREFIX_LIMIT:
        before = ""
    lead = _GROUP_HEADER.sub("", before)
    return OpenTraceback(
        error=error,
        prefix=_prefix_pattern(lead) if lead.strip() else None,
        group=lead != before,
        # A line of an access log stands before a traceback by chance.
        quiet=record.quiet and "HTTP/" not in record.body,
        hint=hint,
    )


def _tells_something_else(line: LogLine, text: str) -> bool:
    return (
        line.at is not None
        or line.level is not None
        or HEADER in text
        or exception_line(text) is not None
        or node_error(text) is not None
        or known_error(text, announced=False) is not None
    )


def _prefix_pattern(prefix: str) -> re.Pattern[str]:
    """What stood before a traceback's header, as a pattern for its other lines: numbers may differ."""
    parts = re.split(r"(\d+|\s)", prefix)
    return re.compile("".join(_generalised(part) for part in parts))


def _generalised(part: str) -> str:
    if part.isdecimal():
        return r"\d+"
    return r"\s" if part.isspace() else re.escape(part)
