"""One line of a log: what carried it, when it was written, how loud it is, and what it says.

What carries a line is a prefix that a journal, syslog, pm2, docker compose or foreman puts before every
line of a program's output; it distinguishes the lines of several programs in one file.
"""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_HEAD = 200
"""Timestamps and levels are searched at the beginning of a line only."""
_WHOLE_SECOND = 1.0
"""What a timestamp without a fraction leaves out."""
_CLOCK_TICK = 0.05
"""Kernels count a process's start in ticks of at most this many seconds."""
_COLOURS = Pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_SYSLOG_DATE = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_ISO_DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_LEVELS = "TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|EXCEPTION|ALERT|EMERG|PANIC"
_JOURNAL = Pattern(
    rf"^(?:<\d{{1,3}}>)?(?:{_SYSLOG_DATE}|{_ISO_DATE}(?! \[?(?:{_LEVELS})\b))"
    r" (\S{1,64} [^\s:\[\]]{1,64}(?:\[\d{1,10}\])?): ?"
)
_PM2 = Pattern(r"^(\d{1,4}\|[^|]{1,64}?)\s*\| ?")
_COMPOSE = Pattern(r"^(?:\d\d:\d\d:\d\d )?([A-Za-z][\w.-]{0,63})\s+\| ?")
_ISO = Pattern(
    r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"(?: ?(Z|[+-]\d\d:?\d\d)(?!\d))?"
)
_WEB_SERVER = Pattern(r"\[(\d\d)/([A-Z][a-z]{2})/(\d{4})[: ](\d\d):(\d\d):(\d\d)()(?: (Z|[+-]\d{4}))?\]")
_SYSLOG = Pattern(r"^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?: |$)")
_EPOCH = Pattern(
    r"^\[?([12]\d{9})(\.\d{1,9})?\]?[\s:,|]|\"?\b(?:ts|time|timestamp|created)\"?[=:]\s*([12]\d{9})(\.\d{1,9})?\b"
)
_LEVEL = Pattern(
    rf"(?<![\w./'-])({_LEVELS})(?=[\]:|\s\"',)}}]|/[A-Z]|$)"
    # In small letters these are words like others, but for where a level stands.
    r"|(?:^|[\[=<|]|\": ?\")(trace|debug|info|notice|warn|warning|error|critical|fatal|alert|emerg)"
    r"(?=[\]:>|\s\",]|$)"
)
_QUIET = frozenset({"TRACE", "DEBUG", "INFO", "NOTICE", "SUCCESS", "WARN", "WARNING"})
_DIGIT = Pattern(r"\d")
_STARTED = Pattern(rf"^--- ghostfix started .{{1,200}} at ({_ISO_DATE}) ---\s*$")


def not_before(at: float, start: float) -> bool:
    """Whether a record of this time came since a process started, as exactly as either is known."""
    return at >= start - (_WHOLE_SECOND if at.is_integer() else _CLOCK_TICK)


class WrittenLine(Struct, frozen=True):
    """One line as its source keeps it: a file has no time beside the text, a journal has."""

    text: str
    at: float | None = None
    """Seconds since the epoch."""


class LogLine:
    """A line without colours and without what carried it.

    Its time and level are read when they are asked for: most lines need neither.
    """

    def __init__(
        self,
        *,
        carrier: str,
        body: str,
        dated: str,
        now: float,
        zone: tzinfo | None,
        starts: bool = False,
        known: float | None = None,
    ) -> None:
        self.carrier = carrier
        """Who wrote it, when the file holds several programs' output; else empty."""
        self.body = body
        self.starts = starts
        """It is the line that ghostfix writes before it starts a service: what follows is a new run's."""
        self._dated, self._now, self._zone = dated, now, zone
        self._known = known

    @property
    def at(self) -> float | None:
        """Seconds since the epoch."""
        return _time(self._dated, self._now, self._zone) if self._known is None else self._known

    @property
    def dates_itself(self) -> bool:
        """Whether its own text names a time: a new record begins."""
        return _time(self._dated, self._now, self._zone) is not None

    @property
    def level(self) -> str | None:
        """In capitals: ``ERROR``, ``INFO``; None when the line names none."""
        if self.starts or self.body[:1].isspace():
            return None
        level = _LEVEL.search(self.body[:_HEAD])
        return None if level is None else (level.group(1) or level.group(2)).upper()

    @property
    def quiet(self) -> bool:
        """Whether its level says that the program goes on: anything below ERROR."""
        return self.level in _QUIET


def read_line(text: str, now: float, zone: tzinfo | None = None, known: float | None = None) -> LogLine:
    """Reads one line, its line end excluded.

    ``now`` helps with dates without a year, which never are in the future. ``zone`` is that of times
    without one; None stands for the machine's own. ``known`` is its time where its source keeps one.
    """
    plain = (_COLOURS.sub("", text) if "\x1b" in text else text).lstrip("\ufeff").rstrip("\r\n")
    head = plain[:_HEAD]
    if head[:1].isspace():  # most lines of a traceback: nothing carries them
        return LogLine(carrier="", body=plain, dated=head, now=now, zone=zone, known=known)
    started = _STARTED.match(head)
    if started is not None:
        return LogLine(
            carrier="", body=plain, dated=started.group(1), now=now, zone=zone, starts=True, known=known
        )
    carried = _JOURNAL.match(plain) or _PM2.match(plain) or _COMPOSE.match(plain)
    body = plain if carried is None else plain[carried.end() :]
    carrier = "" if carried is None else carried.group(1)
    return LogLine(carrier=carrier, body=body, dated=head, now=now, zone=zone, known=known)


def _time(head: str, now: float, zone: tzinfo | None) -> float | None:
    """The time that the beginning of a line names."""
    if _DIGIT.search(head) is None:
        return None
    iso = _ISO.search(head)
    if iso is not None:
        year, month, day, *rest = iso.groups()
        return _seconds(int(year), int(month), int(day), rest, zone)
    served = _WEB_SERVER.search(head)
    if served is not None:
        day, name, year, *rest = served.groups()
        return _seconds(int(year), _MONTHS.get(name, 0), int(day), rest, zone)
    epoch = _EPOCH.search(head)
    if epoch is not None:
        whole, fraction, later_whole, later_fraction = epoch.groups()
        return float((whole or later_whole) + (fraction or later_fraction or ""))
    yearless = _SYSLOG.match(head)
    if yearless is not None:
        name, day, *clock = yearless.groups()
        return _without_year(_MONTHS.get(name, 0), int(day), [*clock, None, None], now, zone)
    return None


def _without_year(
    month: int, day: int, rest: list[str | None], now: float, zone: tzinfo | None
) -> float | None:
    """In the latest year that does not put it more than a day into the future."""
    year = datetime.fromtimestamp(now, zone or UTC).year
    for candidate in (year + 1, year, year - 1):
        seconds = _seconds(candidate, month, day, rest, zone)
        if seconds is not None and seconds <= now + 86_400:
            return seconds
    return None


def _seconds(year: int, month: int, day: int, rest: list[str | None], zone: tzinfo | None) -> float | None:
    """``rest`` is hour, minute, second, fraction and zone as written; None for an impossible date."""
    hour, minute, second, fraction, written_zone = rest
    try:
        moment = datetime(
            year,
            month,
            day,
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int(((fraction or "") + "000000")[:6]),
            tzinfo=_zone(written_zone) or zone,
        )
        return moment.timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text.startswith("-") else offset) if offset < timedelta(days=1) else None
