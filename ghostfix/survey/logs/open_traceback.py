"""A traceback that is being read: which lines are its own, and what they say."""

import re

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.survey.logs.error_line import exception_line, known_error, last_line, node_error
from ghostfix.survey.logs.error_tally import SeenError
from ghostfix.survey.logs.log_line import LogLine
from ghostfix.survey.logs.stack_frame import PYTHON_FRAME, Frame

HEADER = "Traceback (most recent call last):"
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
GROUP_BODY = Pattern(r"^\s*\| ?")


class OpenTraceback(Struct, kw_only=True):
    """A traceback from its header on, of one carrier; with the exceptions that are chained to it."""

    error: SeenError
    folder: str = ""
    """Where the service lies: its own frames give the place."""
    prefix: re.Pattern[str] | None = None
    """What stands before every line of it, numbers generalised; None when nothing does."""
    prefix_proven: bool = False
    group: bool = False
    quiet: bool = False
    """The record that it belongs to was logged below ERROR."""
    hint: SeenError | None = None
    """The one-line error just before it: the same event, written twice."""
    record_at: float | None = None
    """When the line above its header was written, if that is the record that it belongs to."""
    below_frame: bool = False
    """The line before was its own, a frame or the source that one quotes."""
    top_level: bool = False
    """Its outermost frame is a module: no caller was there to catch it."""
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
        """The line without what stands before each line of this traceback; None for another record's."""
        if self.prefix is not None:
            match = self.prefix.match(line.body)
            if match is not None:
                self.prefix_proven = True
                return line.body[match.end() :]
            if self.prefix_proven:
                return None
            if line.body[:1].isspace():
                self.prefix = None
        elif line.dates_itself and not line.body[:1].isspace() and not line.carrier:
            return None
        return line.body

    def take(self, body: str, number: int) -> bool:
        """Takes a line, the ``number``-th of the log, as its own; false when it cannot be."""
        if header(body) is not None:
            self._another_header(body)
            return True
        if self.group and (margin := GROUP_BODY.match(body)) is not None:
            body = body[margin.end() :]
        frame = PYTHON_FRAME.match(body)
        if frame is not None:
            self._take_frame(Frame(frame[1], int(frame[2])), frame[3])
            return True
        if not body.strip() or body[:1].isspace() or body.startswith(("...", "[Previous line repeated")):
            return True
        named = last_line(body, self.below_frame) if self.frames else exception_line(body)
        if named is None:
            self.below_frame = False
            return False
        self.error.exception, self.error.message, self.error.line = named.exception, named.message, number
        self.ended, self.chained, self.since_end = True, False, 0
        return True

    def _take_frame(self, frame: Frame, function: str | None) -> None:
        self.frames, self.below_frame = self.frames + 1, True
        self.top_level = self.top_level or (self.frames == 1 and function == "<module>")
        if function is None:  # the line that cannot be compiled is the place, whosesoever it is
            self.error.rank = -1
        self.error.inner(frame, self.folder)

    def _another_header(self, body: str) -> None:
        """A header where none was due: the next of a chain, or another thread's."""
        if self.chained:
            self.chained, self.frames, self.group = False, 0, "Exception Group" in body
            self.error.rank = -1
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
        return self.since_end <= _CHAIN_LIMIT and not _begins_another_record(line, text)

    def chain(self, body: str) -> bool:
        """Whether this line chains the next exception to the one that was read."""
        if self.ended and _CHAINED.match(body):
            self.ended, self.chained = False, True
            return True
        return False

    def close(self) -> SeenError:
        """The error that it describes, as far as it was read."""
        if not self.error.exception:
            known = self.hint or SeenError(exception="Traceback", message="(cut off before its last line)")
            self.error.exception, self.error.message = known.exception, known.message
        self.error.handled = self.quiet and not self.top_level
        if self.error.at is None and self.record_at is not None and not (self.quiet and self.top_level):
            self.error.at, self.error.after = self.record_at, None
        return self.error


def header(body: str) -> int | None:
    """Where a traceback's header stands in a line; None in the margin of an exception group."""
    start = body.find(HEADER)
    return None if start < 0 or body.lstrip().startswith("|") else start


def begin(
    before: str, record: LogLine, error: SeenError, hint: SeenError | None, folder: str = ""
) -> OpenTraceback:
    """Opens a traceback. ``before`` stands before its header, ``record`` is the line that announces it."""
    if len(before) > _PREFIX_LIMIT:
        before = ""
    lead = _GROUP_HEADER.sub("", before)
    return OpenTraceback(
        error=error,
        folder=folder,
        record_at=record.at if record.level is not None else None,
        prefix=_prefix_pattern(lead) if lead.strip() else None,
        group=lead != before,
        # A line of an access log stands before a traceback by chance.
        quiet=record.quiet and "HTTP/" not in record.body,
        hint=hint,
    )


def _begins_another_record(line: LogLine, text: str) -> bool:
    return (
        line.dates_itself
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
