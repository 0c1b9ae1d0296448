"""Instant: a point in time as it is written down, so that what is read back can be printed as a date."""

from typing import Annotated

from msgspec import Meta

_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0
Instant = Annotated[float, Meta(ge=_FIRST, le=_LAST)]
"""Seconds since the epoch, from the year 1 to the year 9999: what ``datetime`` knows. A file with another
number in this place is damaged, and is refused like any other that is no document of ours."""


def known(at: float) -> Instant | None:
    """The point in time; None for a number that is none."""
    return at if _FIRST <= at <= _LAST else None
