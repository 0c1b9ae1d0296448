"""Text units: numbers and spans of time as a person reads them."""

from collections.abc import Sequence
from datetime import UTC, datetime


def counted(number: int, noun: str) -> str:
    """``1 instance``, ``3 instances``, ``2 processes``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun}es" if noun.endswith("s") else f"{number} {noun}s"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def spoken(state: str) -> str:
    """What became of a step, in words: ``not reached``, ``not needed``."""
    return "not needed" if state == "unneeded" else state.replace("-", " ")


def lasting(seconds: float) -> str:
    """A span of time in its largest sensible unit: ``4 s``, ``12 min``, ``3 h``, ``9 days``."""
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{max(seconds, 0) / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} days"


def percent_of(number: float, limit: float) -> str:
    """``417 % of the limit of 300``."""
    return f"{number / limit * 100:.0f} % of the limit of {limit:g}" if limit else "over the limit of 0"


def utc_text(at: float) -> str:
    """A moment, in seconds since the epoch, as a person reads it: ``2026-11-18 11:06:40 UTC``."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def utc_stamp(at: float) -> str:
    """A moment, in seconds since the epoch, as programs read it (ISO 8601): ``2026-11-18T11:06:40Z``."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def stamp_text(stamp: str) -> str:
    """What ``utc_stamp`` wrote, as a person reads it."""
    return stamp.replace("T", " ").replace("Z", " UTC")
