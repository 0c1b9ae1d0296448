"""anacron's table: its jobs, which run once in so many days, on the days on which the machine is up.

anacrontab(5): ``period delay name command``, the period a number of days or ``@daily``, ``@weekly``,
``@monthly``, ``@yearly``; ``NAME=value`` is for the lines below it; a backslash continues a line.
"""

import re

from msgspec import Struct

from ghostfix.managers.cron.crontab import HELD_MARKER, split_lines
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Variable

_BLANKS = " \t"
_ASSIGNMENT = Pattern(r"([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)")
_ENTRY = Pattern(
    r"(\d+|@(?:daily|weekly|monthly|yearly|annually))[ \t]+(\d+)[ \t]+(\S+)[ \t]+(\S.*)", re.DOTALL
)
_PERIODS = {"@daily": "every day", "@weekly": "every week", "@monthly": "every month"}


class AnacronJob(Struct, frozen=True, kw_only=True):
    """One job, held or commented out ones included."""

    line: int
    """Counted from 1."""
    raw: bytes
    """The line with its ending, as it stands there."""
    name: str
    period: str
    delay: int
    """Minutes from anacron's start to the job's."""
    command: str
    enabled: bool
    variables: tuple[Variable, ...] = ()

    @property
    def trigger(self) -> str:
        words = _PERIODS.get(self.period) or ("every year" if self.period.startswith("@") else "")
        days = "every day" if self.period == "1" else f"every {self.period} days"
        return f"{words or days}, {self.delay} minutes after anacron starts"


def parse(content: bytes) -> tuple[AnacronJob, ...]:
    """The jobs of a table; a line that is neither job nor assignment is left out."""
    jobs: list[AnacronJob] = []
    variables: dict[str, str] = {}
    lines = split_lines(content)
    for number, raw in enumerate(lines, start=1):
        text = raw.rstrip(b"\r\n").decode(errors="backslashreplace").strip(_BLANKS)
        held = text.startswith(HELD_MARKER.decode())
        entry = _ENTRY.fullmatch(text.removeprefix(HELD_MARKER.decode()).lstrip("# \t"))
        assigned = _ASSIGNMENT.fullmatch(text)
        if assigned is not None:
            variables[assigned[1]] = assigned[2].strip(_BLANKS)
        elif entry is not None:
            jobs.append(
                AnacronJob(
                    line=number,
                    raw=raw,
                    name=entry[3],
                    period=entry[1],
                    delay=int(entry[2]),
                    command=_continued(entry[4], lines[number:]),
                    enabled=not held and not text.startswith("#"),
                    variables=tuple(Variable(name, value) for name, value in variables.items()),
                )
            )
    return tuple(jobs)


def _continued(text: str, below: tuple[bytes, ...]) -> str:
    for raw in below:
        if not text.endswith("\\"):
            break
        text = text[:-1] + raw.rstrip(b"\r\n").decode(errors="backslashreplace").strip(_BLANKS)
    return text
