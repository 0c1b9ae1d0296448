"""anacron: lines of /etc/anacrontab that start the service, every so many days."""

from ghostfix.managers.cron.anacrontab import AnacronJob, parse
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Place
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree, Variable
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, search
from ghostfix.service.passwd import home_of

KIND = "anacron"
_TABLE = "/etc/anacrontab"
_LIMIT = 1 << 20
_USER = "root"


def jobs(system: System, service: Service, _tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The lines that lead to the service: those that act, those held, and those commented out."""
    if system.status(_TABLE).value is None:
        return Reading(())
    reading = system.read(_TABLE, _LIMIT)
    if not reading.complete:
        return Reading((), f"{_TABLE} could not be read: {reading.problem}", complete=False)
    installed = system.program("anacron") is not None or system.status("/usr/sbin/anacron").value is not None
    found: list[Job] = []
    problems: list[str] = []
    for entry in parse(reading.value):
        given = {"HOME": home_of(system, _USER), "LOGNAME": _USER}
        variables = {**given, **{each.name: each.value for each in entry.variables}}
        result = search(
            system,
            service,
            entry.command,
            variables["HOME"],
            tuple(Variable(name, value) for name, value in variables.items()),
        )
        if result.trail is not None:
            found.append(_job(entry, result.trail, installed=installed))
        elif entry.enabled and installed and system.caller().uid == 0:
            problems.extend(result.problems)
    return gathered(tuple(found), problems)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """One line becomes a comment, as a crontab's does."""
    if not job.enabled or job.where is None or job.where.line is None:
        return ()
    tab = CrontabFile(path=job.where.file)
    return (HoldCronLine(reason=reason, tab=tab, line=job.where.line, source=job.source),)


RESTARTER = Restarter(kind=KIND, title="anacron lines", jobs=jobs, hold=hold)


def _job(entry: AnacronJob, trail: Trail, *, installed: bool) -> Job:
    text = entry.raw.rstrip(b"\r\n").decode(errors="backslashreplace")
    return Job(
        kind=KIND,
        id=entry.name,
        scope=_USER,
        where=Place(_TABLE, entry.line, text),
        command=entry.command,
        trigger=entry.trigger if installed else f"{entry.trigger}, but anacron is not installed",
        enabled=entry.enabled and installed,
        restarts_on_exit=False,
        link=trail.link,
        confidence=trail.confidence,
        guarded=trail.guarded,
        source=entry.raw,
    )
