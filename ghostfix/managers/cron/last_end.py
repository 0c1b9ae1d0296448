"""The last run of a crontab line, by what cron wrote into the journal, and where its output went.

cron says when it starts a line and as which process, and not how that ended.
"""

from msgspec import Struct

from ghostfix.managers.log_tail import last_lines
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.text_units import utc_text

_ASKED = (
    "journalctl", "--quiet", "--output=short-unix", "--lines=300", "--identifier=CRON", "--identifier=CROND",
)  # fmt: skip
_RUN = Pattern(r"^(\d+\.\d+) \S+ CROND?\[(\d+)\]: \(\S+?\) CMD \(\s*(.*?)\s*\)$")
_NOWHERE = "/dev/null"


class CronRun(Struct, frozen=True):
    """One start of a line: when, as which process, and the command."""

    at: float
    pid: int
    command: str


def last_ends(system: System, _service: Service, jobs: tuple[Job, ...]) -> Reading[tuple[LastEnd, ...]]:
    """The last run of each line that acts, and of which nothing lives; none where there is no journal."""
    acting = [job for job in jobs if job.enabled and not job.starts]
    if not acting or system.program(_ASKED[0]) is None:
        return Reading(())
    answer = system.ask(_ASKED, timeout=5.0)
    if answer.status != 0:
        return Reading((), f"the journal of cron: {answer.complaint}", complete=False)
    runs = read_runs(answer.text)
    found = (_end(system, job, [run for run in runs if run.command == job.command.strip()]) for job in acting)
    return Reading(tuple(end for end in found if end is not None))


def read_runs(text: str) -> tuple[CronRun, ...]:
    """The starts in ``journalctl --output=short-unix``, the oldest first."""
    rows = (_RUN.match(line) for line in text.splitlines())
    return tuple(CronRun(float(row[1]), int(row[2]), row[3]) for row in rows if row is not None)


def _end(system: System, job: Job, runs: list[CronRun]) -> LastEnd | None:
    if not runs or system.process(runs[-1].pid) is not None:
        return None
    last = runs[-1]
    tail = last_lines(system, job.logs, last.at)
    words = f"cron started it at {utc_text(last.at)}, and it ended"
    if _NOWHERE in job.output:
        words += f"; what it printed was thrown away (>{_NOWHERE})"
    # crontab(5): no login is made, so nothing of .profile and .bashrc is there.
    words += "; of the environment it had PATH, HOME, SHELL, LOGNAME and what the crontab sets"
    return LastEnd(
        kind=EndKind.EXITED,
        manager="cron",
        job=job.id,
        scope=job.scope,
        reported_by="cron's journal",
        words=words,
        at=last.at,
        lines=tail.lines,
        log=tail.log,
    )
