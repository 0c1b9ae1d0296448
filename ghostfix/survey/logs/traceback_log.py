"""The errors in a log: tracebacks and stack traces, and the one-line errors whose cause is known.

A chain of exceptions is one error, and the last of them is the one that counts; so is a group, by its
outer exception. The reader takes one line after the other and keeps a bounded amount of memory.
"""

import re
from collections import deque
from collections.abc import Iterable
from datetime import tzinfo

from ghostfix.model.snapshot import LoggedError
from ghostfix.survey.logs.error_line import KNOWN_WORDS, ErrorLine, exception_line, known_error, node_error
from ghostfix.survey.logs.error_tally import ErrorTally, SeenError
from ghostfix.survey.logs.fatal_line import CRASH_WORDS, crash_line
from ghostfix.survey.logs.log_line import LogLine, WrittenLine, read_line
from ghostfix.survey.logs.loose_error import LooseError, frame_above, position_above
from ghostfix.survey.logs.open_traceback import GROUP_BODY, HEADER, OpenTraceback, begin, header

_CARRIERS_KEPT = 32
_LINE_LIMIT = 4096
"""What a line says beyond this many characters is not read, a traceback in JSON excepted."""
_NEAR = 30
"""So many lines before an error are searched for a time that it cannot be older than, and for its frames."""
_LATEST = 8
_ABOVE, _ABOVE_MARKS = 6, ('File "', "^")
"""One of these stands in the lines right above an error that belong to it."""
WORDS = ("rror", "xception", "Traceback", "Interrupt", "--- ghostfix started", *KNOWN_WORDS, *CRASH_WORDS)
"""One of them is in every line that begins an error; the others are only searched when one is found."""


class TracebackLog:
    """Reads a log line by line; ``errors`` gives what was found, grouped, once ``close`` was called.

    ``now`` and ``zone`` are for timestamps without a year and without a zone. ``folder`` is the service's:
    the frames in it give the place of an error before those of libraries do.
    """

    def __init__(self, now: float, zone: tzinfo | None = None, folder: str = "") -> None:
        self._now, self._zone, self._folder = now, zone, folder
        self.lines = 0
        """So many were read."""
        self.sparse = False
        """Only parts of it were read: how many lines there are at its end is not known."""
        self.tracebacks = 0
        """Exceptions of Python with frames, chains and groups counted once, cut ones included."""
        self._tally = ErrorTally()
        self._open: dict[str, OpenTraceback] = {}
        self._loose: dict[str, LooseError] = {}
        self._recent: deque[WrittenLine] = deque(maxlen=_NEAR)
        self._started: float | None = None
        self._port_line = -10
        self.latest: deque[SeenError] = deque(maxlen=_LATEST)
        """The errors counted last, each with its first and last line."""

    def feed(self, text: str, at: float | None = None) -> None:
        """Reads the next line, without its line end; ``at`` is its time, where the log's source keeps one."""
        self.lines += 1
        line = WrittenLine(text if HEADER in text else text[:_LINE_LIMIT], at)
        if self._open or self._loose or any(word in line.text for word in WORDS):
            self._take(self._read(line))
        self._recent.append(line)

    @property
    def idle(self) -> bool:
        """No error is open: lines without one of the ``WORDS`` change nothing but their count."""
        return not self._open and not self._loose

    def pass_over(self, lines: int, last: Iterable[str]) -> None:
        """Takes so many lines, of which these are the last, as read: the log is idle, and none has a word."""
        self.lines += lines
        self._recent.extend(WrittenLine(text) for text in last)

    def _take(self, line: LogLine) -> None:
        if line.starts:
            self.close()
            self._started = line.at
            return
        self._make_room(line.carrier)
        traceback = self._open.get(line.carrier)
        if traceback is None or not self._inside(traceback, line):
            self._outside(line)

    def _read(self, line: WrittenLine) -> LogLine:
        return read_line(line.text, self._now, self._zone, line.at)

    def close(self, written: float | None = None) -> None:
        """Ends what is still being read: the log is at its end.

        ``written`` is when its last line was: the time of a last record that has none of its own.
        """
        for carrier in list(self._open):
            self._finish(carrier, written)
        for carrier in list(self._loose):
            self._settle(carrier, written)

    def since(self, error: LoggedError, start: float) -> int:
        """How many errors of this kind are known to have come since then."""
        return self._tally.since(error, start)

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
        begun = self._one_line(line)
        if begun is not None:
            self._loose[carrier] = begun

    def _one_line(self, line: LogLine) -> LooseError | None:
        """The error that begins with this line, without a header above it."""
        crash = crash_line(line.body)
        if crash is not None:
            named = ErrorLine(exception=crash.exception, message=crash.message)
            begun = LooseError(error=self._seen(named, line), sure=True, folder=self._folder)
            if crash.frame is not None:
                begun.error.inner(crash.frame, self._folder)
            return begun
        known = self._known(line)
        if known is not None:
            return self._placed(LooseError(error=known, sure=True, folder=self._folder), line)
        return self._exception(line)

    def _exception(self, line: LogLine) -> LooseError | None:
        """An exception by its name; in the margin of a group whose beginning is cut off, with its frames."""
        named = exception_line(line.body) or node_error(line.body)
        if named is not None:
            return self._placed(
                LooseError(error=self._seen(named, line), sure=named.sure, folder=self._folder), line
            )
        margin = GROUP_BODY.match(line.body)
        named = None if margin is None else exception_line(line.body[margin.end() :])
        if named is None:
            return None
        begun = self._placed(LooseError(error=self._seen(named, line), sure=False, folder=self._folder), line)
        return begun if begun.sure else None

    def _placed(self, begun: LooseError, line: LogLine) -> LooseError:
        """With the place that the lines above give: frames whose header is cut off, or what Node quotes."""
        lately = list(self._recent)[-_ABOVE:]
        if not any(mark in each.text for each in lately for mark in _ABOVE_MARKS):
            return begun
        above = [self._read(each) for each in self._recent]
        bodies = [each.body for each in above if each.carrier == line.carrier]
        frames = frame_above(bodies)
        for frame in frames:
            begun.error.inner(frame, self._folder)
        begun.sure = begun.sure or bool(frames)
        position = position_above(bodies)
        if position is not None:
            begun.error.inner(position, self._folder)
        return begun

    def _belongs_to(self, loose: LooseError, line: LogLine) -> bool:
        begun = loose.traceback
        if not loose.take(line, self.lines):
            return False
        self.tracebacks += 1 if loose.traceback and not begun else 0
        return True

    def _settle(self, carrier: str, written: float | None = None) -> None:
        """Counts the one-line error of this carrier, if it is sure to be one."""
        loose = self._loose.pop(carrier, None)
        if loose is not None and loose.sure:
            self._count(loose.error, written)

    def _count(self, error: SeenError, written: float | None = None) -> None:
        if error.at is None and written is not None:
            error.at, error.after = written, None
        error.begins, error.ends = error.begins or error.line, max(error.ends, error.line)
        self._tally.count(error)
        self.latest.append(error)

    def _known(self, line: LogLine) -> SeenError | None:
        """The error whose cause the line names; Flask reports a taken port in two lines."""
        known = known_error(line.body, announced=line.level is not None and not line.quiet)
        if known is None:
            return None
        if known.about_port:
            announced = self.lines - self._port_line <= 1 and "Port " in line.body
            self._port_line = self.lines
            if announced:
                return None
        return self._seen(known, line)

    def _seen(self, named: ErrorLine, line: LogLine) -> SeenError:
        return SeenError(
            exception=named.exception,
            message=named.message,
            line=self.lines,
            begins=self.lines,
            at=line.at,
            after=self._after(line),
            handled=line.quiet,
        )

    def _after(self, line: LogLine) -> float | None:
        """The time of the nearest line above one without a time; else that of the present run's start."""
        if line.at is not None:
            return None
        before = (self._read(each).at for each in reversed(self._recent))
        return next((at for at in before if at is not None), self._started)

    def _announcement(self, line: LogLine) -> LogLine:
        """The record to which a traceback belongs: the line before its header, else the header's own."""
        above = [self._read(each) for each in list(self._recent)[-2:]]
        said = [each for each in above if each.body.strip()]
        before = said[-1] if said else line
        return before if before.carrier == line.carrier and before.level is not None else line

    # tracebacks

    def _begin(self, line: LogLine, start: int) -> None:
        carrier = line.carrier
        loose = self._loose.get(carrier)
        hint = loose.error if loose is not None and self.lines - loose.error.line <= 1 else None
        if hint is None:
            self._settle(carrier)
        self._loose.pop(carrier, None)
        error = SeenError(line=self.lines, begins=self.lines, at=line.at, after=self._after(line))
        record = self._announcement(line)
        self._open[carrier] = begin(line.body[:start], record, error, hint, self._folder)
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
            if not traceback.goes_on(line, body):
                return self._next_waiting(traceback, line)
            if traceback.since_end == 0:  # in the margin of its group
                traceback.error.ends = self.lines
            return True
        if body is not None and traceback.take(body, self.lines):
            return True
        traceback.foreign += 1
        if traceback.lost:
            self._finish(line.carrier)
            return False
        between = self._known(line)
        if between is not None:
            self._count(between)
        return True

    def _next_waiting(self, traceback: OpenTraceback, line: LogLine) -> bool:
        """Ends a traceback; one that began before it ended goes on with this line."""
        self._finish(line.carrier)
        if traceback.waiting == 0:
            return False
        own = traceback.error
        error = SeenError(line=self.lines, begins=own.begins, at=own.at, after=own.after)
        following = OpenTraceback(error=error, folder=self._folder, waiting=traceback.waiting - 1, frames=1)
        self._open[line.carrier] = following
        return self._inside(following, line)

    def _finish(self, carrier: str, written: float | None = None) -> None:
        self.tracebacks += 1
        self._count(self._open.pop(carrier).close(), written)

    def _make_room(self, carrier: str) -> None:
        """Forgets the carrier that was silent longest, lest a forged prefix on each line fill the memory."""
        for kept in (self._open, self._loose):
            if carrier not in kept and len(kept) > _CARRIERS_KEPT:
                oldest = next(iter(kept))
                if oldest in self._open:
                    self._finish(oldest)
                self._settle(oldest)
