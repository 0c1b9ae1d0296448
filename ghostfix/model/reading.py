"""How sure a fact is, where it comes from, and whether it could be read at all."""

from collections.abc import Iterable
from enum import Enum
from typing import Generic, TypeVar

from msgspec import Struct

from ghostfix.model.pattern import Pattern

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Source(Enum):
    """Where facts come from; a check names the ones that it needs."""

    PROCESSES = "processes"
    LISTENERS = "listeners"
    PIDFILES = "pidfiles"
    ENVIRONMENT = "environment"
    RESOURCES = "resources"
    LOGS = "logs"
    HEALTH = "health"
    WEBHOOK = "webhook"
    RESTARTERS = "restarters"
    OBSERVATION = "observation"
    ENDS = "ends"


class Confidence(Enum):
    """How sure ghostfix is of what it says."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Reading(Struct, Generic[T_co], frozen=True):
    """What one look at a source gave. "Could not look" is never "nothing there".

    ``complete`` is false when part of the source, or all of it, could not be read; ``problem`` then
    says why, and ``value`` holds the part that could.
    """

    value: T_co
    problem: str | None = None
    complete: bool = True
    note: str | None = None
    """What was read and could not be followed: it is reported, and no check is skipped for it."""


ESCAPED_BYTE = Pattern(r"\\x([89a-f][0-9a-f])")
r"""What stands in text for a byte that is no UTF-8: ``caf\xe9``. JSON and TOML know only text."""


def gathered(value: T, problems: Iterable[str]) -> Reading[T]:
    """What several reads gave together: complete where none had a problem, each problem named once."""
    text = "; ".join(dict.fromkeys(problems))
    return Reading(value, text or None, complete=not text)
