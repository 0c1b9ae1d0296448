"""A log's lines, read as the collector reads them."""

from collections.abc import Iterable
from datetime import tzinfo

from ghostfix.model.snapshot import LoggedError
from ghostfix.survey.logs.traceback_log import TracebackLog


def read_log(lines: Iterable[str], now: float, zone: tzinfo | None = None) -> tuple[LoggedError, ...]:
    """The errors in these lines."""
    log = TracebackLog(now, zone)
    for line in lines:
        log.feed(line)
    log.close()
    return log.errors
