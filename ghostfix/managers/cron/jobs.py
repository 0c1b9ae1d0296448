"""cron: lines of crontabs that start the service again.

Read are the caller's own crontab, everybody's when root asks, /etc/crontab and /etc/cron.d. Without root,
other users' crontabs cannot be seen; that is said, and does not make the reading incomplete, because they
act as those users and not as the caller.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from ghostfix.managers.cron.crontab import CronJob, Disabled, parse
from ghostfix.managers.cron.crontab_file import SPOOLS, CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.cron.last_end import last_ends
from ghostfix.managers.cron.line_of_process import CrontabLine, attribute
from ghostfix.managers.cron.schedule import in_words, last_due
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Place
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import ProcessTree, Variable
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, search
from ghostfix.service.instance import roots
from ghostfix.service.passwd import home_of

_SYSTEM_TABLE = "/etc/crontab"
_SYSTEM_FOLDERS = ("/etc/cron.d", "/usr/local/etc/cron.d")
_DEBIAN_NAME = Pattern(r"[A-Za-z0-9_-]+")
_CRONIE_SKIPS = Pattern(r"[.#].*|.*(~|\.rpmsave|\.rpmorig|\.rpmnew|\.cfsaved)")


class _Candidate(Struct, frozen=True, kw_only=True):
    """A crontab line that leads to the service."""

    tab: CrontabFile
    entry: CronJob
    user: str
    home: str
    trail: Trail


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The crontab lines that lead to the service: those that act, those held, and those commented out."""
    tabs = _tabs(system)
    reading = _read_all(system, service, tabs.value)
    running = roots(tree, system.caller().own_pids, service)
    started = attribute(system, tree, running, [_line(candidate) for candidate in reading.value])
    now = system.now()
    found = tuple(_job(candidate, pids, now) for candidate, pids in zip(reading.value, started, strict=True))
    problems = [problem for problem in (tabs.problem, reading.problem) if problem is not None]
    return Reading(found, "; ".join(problems) or None, tabs.complete and reading.complete, reading.note)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """One step, for a line that acts."""
    if not job.enabled or job.where is None or job.where.line is None:
        return ()
    tab = CrontabFile(path=job.scope) if job.scope.startswith("/") else CrontabFile(user=job.scope)
    return (HoldCronLine(reason=reason, tab=tab, line=job.where.line, source=job.source),)


def _tabs(system: System) -> Reading[tuple[CrontabFile, ...]]:
    caller = system.caller()
    tabs = [CrontabFile(user=caller.user)]
    problems: list[str] = []
    complete = True
    if caller.uid == 0:
        others = _users(system)
        tabs.extend(CrontabFile(user=user) for user in others.value if user != caller.user)
        if others.problem is not None:
            problems.append(others.problem)
            complete = others.complete
    else:
        problems.append("other users' crontabs were not read: only root can")
    if system.status(_SYSTEM_TABLE).value is not None:
        tabs.append(CrontabFile(path=_SYSTEM_TABLE))
    for folder in _SYSTEM_FOLDERS:
        names = system.names(folder)
        if not names.complete:
            problems.append(names.problem or f"{folder} cannot be read")
            complete = False
        tabs.extend(CrontabFile(path=f"{folder}/{name}") for name in names.value if _accepts(system, name))
    return Reading(tuple(tabs), "; ".join(problems) or None, complete)


def _accepts(system: System, name: str) -> bool:
    """Whether cron reads a file of this name in a folder of crontabs.

    Debian's takes only plain names, as run-parts does; cronie takes all but hidden ones and leftovers.
    """
    if system.status("/usr/sbin/crond").value is not None:
        return _CRONIE_SKIPS.fullmatch(name) is None
    return _DEBIAN_NAME.fullmatch(name) is not None


def _users(system: System) -> Reading[tuple[str, ...]]:
    """Who has a crontab, by the names in the spool."""
    users: set[str] = set()
    problems: list[str] = []
    for spool in SPOOLS:
        names = system.names(spool)
        if not names.complete:
            problems.append(names.problem or f"{spool} cannot be read")
        for name in names.value:
            status = system.status(f"{spool}/{name}").value
            if status is not None and status.kind is FileKind.REGULAR and not name.startswith((".", "tmp.")):
                users.add(name)
    return gathered(tuple(sorted(users)), problems)


def _read_all(
    system: System, service: Service, tabs: Sequence[CrontabFile]
) -> Reading[tuple[_Candidate, ...]]:
    found: list[_Candidate] = []
    problems: list[str] = []
    notes: list[str] = []
    unfollowed: list[str] = []
    for tab in tabs:
        reading = tab.read(system)
        if not reading.complete:
            problems.append(reading.problem or f"{tab} cannot be read")
        elif reading.problem is not None:
            notes.append(reading.problem)
        for entry in parse(reading.value or b"", tab.has_users).jobs:
            candidate, unread, beyond = _follow(system, service, tab, entry)
            unfollowed.extend(f"{tab}:{entry.line} runs {each}" for each in beyond)
            problems.extend(unread)
            if candidate is not None:
                found.append(candidate)
    problem = "; ".join(dict.fromkeys((*problems, *notes))) or None
    return Reading(tuple(found), problem, not problems, "; ".join(dict.fromkeys(unfollowed)) or None)


def _follow(
    system: System, service: Service, tab: CrontabFile, entry: CronJob
) -> tuple[_Candidate | None, tuple[str, ...], tuple[str, ...]]:
    """The line if it leads to the service; else the scripts that had to be read to be sure that it does not,
    and those that could not be followed.

    Scripts of other users' jobs, which an ordinary caller cannot read, are not missed.
    """
    user = entry.user if entry.user is not None else str(tab.user)
    user = re.split("[:/]", user)[0]  # FreeBSD's user:group/class
    home = entry.variable("HOME") or home_of(system, user)
    variables = {"HOME": home, "LOGNAME": user, **{each.name: each.value for each in entry.environment}}
    given = tuple(Variable(name, value) for name, value in variables.items())
    result = search(system, service, entry.shell_text, home, given, entry.stdin)
    if result.trail is not None:
        return _Candidate(tab=tab, entry=entry, user=user, home=home, trail=result.trail), (), ()
    if not result.problems or not entry.enabled:
        return None, (), result.unfollowed if entry.enabled else ()
    caller = system.caller()  # not for each line: it is read from its ancestors' files
    return None, result.problems if caller.uid == 0 or caller.user == user else (), result.unfollowed


def _line(candidate: _Candidate) -> CrontabLine:
    """What to search for in processes; a commented-out line has started none."""
    entry = candidate.entry
    return CrontabLine(
        schedule="" if entry.disabled is Disabled.COMMENT else entry.schedule,
        shell_text=entry.shell_text,
        user=candidate.user,
        home=candidate.home,
        shell=entry.variable("SHELL") or "/bin/sh",
        output=candidate.trail.output,
    )


def _job(candidate: _Candidate, started: Sequence[int], now: float) -> Job:
    tab, entry = candidate.tab, candidate.entry
    text = entry.raw.rstrip(b"\r\n").decode(errors="backslashreplace")
    owner = tab.path if tab.path is not None else str(tab.user)
    trigger = in_words(entry.schedule)
    return Job(
        kind="cron",
        id=f"{owner}:{entry.line}",
        where=Place(str(tab), entry.line, text),
        command=entry.command,
        trigger=trigger if entry.terminated else f"{trigger}, but cron skips a line without a newline",
        enabled=entry.enabled and entry.terminated,
        restarts_on_exit=False,
        link=candidate.trail.link,
        confidence=candidate.trail.confidence,
        scope=owner,
        starts=tuple(started),
        guarded=candidate.trail.guarded,
        due=last_due(entry.schedule, now) if entry.enabled and entry.terminated else (),
        output=(candidate.trail.output,) if candidate.trail.output and entry.enabled else (),
        source=entry.raw,
    )


RESTARTER = Restarter(kind="cron", title="crontab lines", jobs=jobs, hold=hold, last_ends=last_ends)
