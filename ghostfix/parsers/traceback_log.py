"""The errors in a log: Python tracebacks, Node stack traces, and the one-line errors whose cause is known.

A chain of exceptions is one error, and the last of them is the one that counts; so is a group, by its
outer exception. The reader takes one line after the other and keeps a bounded amount of memory.
"""

import re
from collections import deque
from collections.abc import Iterable
from datetime import tzinfo
from itertools import takewhile

from msgspec import Struct

from ghostfix.parsers.error_line import KNOWN_WORDS, ErrorLine, exception_line, known_error, node_error
from ghostfix.parsers.error_tally import ErrorTally, SeenError
from ghostfix.parsers.log_line import LogLine, read_line
from ghostfix.parsers.open_traceback import FRAME, HEADER, OpenTraceback, begin, header, within_margin
from ghostfix.pattern import Pattern
from ghostfix.snapshot import LoggedError

_CARRIERS_KEPT = 32
_LINE_LIMIT = 4096
"""What a line says beyond this many characters is not looked at, a traceback in JSON excepted."""
_NEAR = 30
"""A timestamp so many lines before an error still dates it."""
WORDS = ("rror", "xception", "Traceback", "Interrupt", "--- ghostfix started", *KNOWN_WORDS)
"""One of them is in every line that begins an error; the others are only looked at when one is found."""
_NODE_FRAME = Pattern(r"^\s+at (?:.*\()?([^()]{0,1024}?):(\d{1,9}):\d{1,9}\)?\s*$")


class _Loose(Struct, kw_only=True):
    """A one-line error; a stack trace below it may still follow."""

    error: SeenError
    sure: bool


class TracebackLog:
    """Reads a log line by line; ``errors`` gives what was found, grouped, once ``close`` was called.

    ``now`` and ``zone`` are for timestamps without a year and without a zone.
    """

    def __init__(self, now: float, zone: tzinfo | None = None) -> None:
        self._now, self._zone = now, zone
        self.lines = 0
        """So many were read."""
        self.tracebacks = 0
        """Exceptions that came with a stack, chains and groups counted once, cut ones included."""
        self._tally = ErrorTally()
        self._open: dict[str, OpenTraceback] = {}
        self._loose: dict[str, _Loose] = {}
        self._recent: deque[str] = deque(maxlen=_NEAR)
        self._started: float | None = None
        self._port_line = -10

    def feed(self, text: str) -> None:
        """Reads the next line, without its line end."""
        self.lines += 1
        text = text if HEADER in text else text[:_LINE_LIMIT]
        if self._open or self._loose or any(word in text for word in WORDS):
            self._take(self._read(text))
        self._recent.append(text)

    @property
    def idle(self) -> bool:
        """No error is open: lines without one of the ``WORDS`` change nothing but their count."""
        return not self._open and not self._loose

    def pass_over(self, lines: int, last: Iterable[str]) -> None:
        """Takes so many lines, of which these are the last, as read: the log is idle, and none has a word."""
        self.lines += lines
        self._recent.extend(last)

    def _take(self, line: LogLine) -> None:
        if line.starts:
            self.close()
            self._started = line.at
            return
        self._make_room(line.carrier)
        traceback = self._open.get(line.carrier)
        if traceback is None or not self._inside(traceback, line):
            self._outside(line)

    def _read(self, text: str) -> LogLine:
        return read_line(text, self._now, self._zone)

    def close(self) -> None:
        """Ends what is still being read: the log is at its end."""
        for carrier in list(self._open):
            self._finish(carrier)
        for carrier in list(self._loose):
            self._settle(carrier)

    @property
    def errors(self) -> tuple[LoggedError, ...]:
        """The kinds of errors, in the order in which they were first seen."""
        return self._tally.errors

    @property
    def forgotten(self) -> int:
        """Kinds of errors that were left out because there were too many."""
        return self._tally.forgotten

    # outside of tracebacks

    def _outside(self, line: LogLine) -> None:
        carrier = line.carrier
        start = header(line.body)
        if start is not None:
            self._begin(line, start)
            return
        loose = self._loose.get(carrier)
        if loose is not None and self._belongs_to(loose, line):
            return
        self._settle(carrier)
        known = self._known(line)
        if known is not None:
            self._loose[carrier] = _Loose(error=known, sure=True)
        elif (named := exception_line(line.body) or node_error(line.body)) is not None:
            self._loose[carrier] = _Loose(error=self._seen(named, line), sure=named.sure)
        elif (error := self._of_cut_group(line)) is not None:
            self.tracebacks += 1
            self._loose[carrier] = _Loose(error=error, sure=True)

    def _of_cut_group(self, line: LogLine) -> SeenError | None:
        """An exception in the margin of a group whose header is cut off; a frame above it is the proof."""
        named = None if (body := within_margin(line.body)) is None else exception_line(body)
        if named is None:
            return None
        above = (within_margin(self._read(text).body) for text in reversed(self._recent))
        frames = (FRAME.match(body) for body in takewhile(lambda body: body is not None, above) if body)
        frame = next((frame for frame in frames if frame is not None), None)
        if frame is None:
            return None
        error = self._seen(named, line)
        error.place = f"{frame[1]}:{frame[2]}"
        return error

    def _belongs_to(self, loose: _Loose, line: LogLine) -> bool:
        """Whether this line continues a one-line error: its frames, or nothing that says otherwise."""
        node, frame = _NODE_FRAME.match(line.body), FRAME.match(line.body)
        if node is not None:
            loose.sure = True
            loose.error.place = loose.error.place or f"{node[1]}:{node[2]}"
            return True
        if frame is not None:
            self.tracebacks += 1 if loose.error.place is None else 0
            loose.sure = True
            loose.error.place = f"{frame[1]}:{frame[2]}"
            return True
        near = self.lines - loose.error.line <= 3
        return near and (line.body.startswith(("(", "...")) or line.body[:1].isspace())

    def _settle(self, carrier: str) -> None:
        """Counts the one-line error of this carrier, if it is sure to be one."""
        loose = self._loose.pop(carrier, None)
        if loose is not None and loose.sure:
            self._tally.count(loose.error)

    def _known(self, line: LogLine) -> SeenError | None:
        """The error whose cause the line tells; Flask tells of a taken port in two lines."""
        known = known_error(line.body, announced=line.level is not None and not line.quiet)
        if known is None:
            return None
        if known.about_port:
            told_before = self.lines - self._port_line <= 1 and "Port " in line.body
            self._port_line = self.lines
            if told_before:
                return None
        return self._seen(known, line)

    def _seen(self, named: ErrorLine, line: LogLine) -> SeenError:
        return SeenError(
            exception=named.exception,
            message=named.message,
            line=self.lines,
            at=self._when(line),
            handled=line.quiet,
        )

    def _when(self, line: LogLine) -> float | None:
        """The time of this line, or of the nearest before it; else that of the present run's start."""
        if line.at is not None:
            return line.at
        before = (self._read(text).at for text in reversed(self._recent))
        return next((at for at in before if at is not None), self._started)

    def _announcing(self, line: LogLine) -> LogLine:
        """The record to which a traceback belongs: the line before its header, else the header's own."""
        before = self._read(self._recent[-1]) if self._recent else line
        return before if before.carrier == line.carrier and before.level is not None else line

    # tracebacks

    def _begin(self, line: LogLine, start: int) -> None:
        carrier = line.carrier
        loose = self._loose.get(carrier)
        hint = loose.error if loose is not None and self.lines - loose.error.line <= 1 else None
        if hint is None:
            self._settle(carrier)
        self._loose.pop(carrier, None)
        error = SeenError(line=self.lines, at=self._when(line))
        self._open[carrier] = begin(line.body[:start], self._announcing(line), error, hint)
        after = line.body[start + len(HEADER) :]
        if "\\n" in after:
            self._read_escaped(carrier, after)

    def _read_escaped(self, carrier: str, text: str) -> None:
        """A traceback inside a JSON string: its line ends are written as backslash and n."""
        ended = re.split(r'(?<!\\)"', text, maxsplit=1)[0]
        traceback = self._open[carrier]
        for part in ended.replace('\\"', '"').split("\\n"):
            if not traceback.chain(part) and not traceback.ended:
                traceback.take(part[:_LINE_LIMIT], self.lines)
        self._finish(carrier)

    def _inside(self, traceback: OpenTraceback, line: LogLine) -> bool:
        """Takes a line into an open traceback; false when that is over, and the line is none of its."""
        body = traceback.own(line)
        if traceback.ended:
            return traceback.goes_on(line, body) or self._next_waiting(traceback, line)
        if body is not None and traceback.take(body, self.lines):
            return True
        traceback.foreign += 1
        if traceback.lost:
            self._finish(line.carrier)
            return False
        between = self._known(line)
        if between is not None:
            self._tally.count(between)
        return True

    def _next_waiting(self, traceback: OpenTraceback, line: LogLine) -> bool:
        """Ends a traceback; one that began before it ended goes on with this line."""
        self._finish(line.carrier)
        if traceback.waiting == 0:
            return False
        error = SeenError(line=self.lines, at=traceback.error.at)
        following = OpenTraceback(error=error, waiting=traceback.waiting - 1, frames=1)
        self._open[line.carrier] = following
        return self._inside(following, line)

    def _finish(self, carrier: str) -> None:
        self.tracebacks += 1
        self._tally.count(self._open.pop(carrier).close())

    def _make_room(self, carrier: str) -> None:
        """Forgets the carrier that was silent longest, lest a forged prefix on each line fill the memory."""
        for kept in (self._open, self._loose):
            if carrier not in kept and len(kept) > _CARRIERS_KEPT:
                oldest = next(iter(kept))
                if oldest in self._open:
                    self._finish(oldest)
                self._settle(oldest)
