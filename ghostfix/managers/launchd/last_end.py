"""How launchd's jobs ended, by ``launchctl print``, and the last lines in the files of their plists."""

from ghostfix.managers.exit_words import exit_in_words, signal_in_words, signal_name
from ghostfix.managers.launchd.launchctl import PrintedJob
from ghostfix.managers.launchd.state import LAUNCHCTL, loaded_job
from ghostfix.managers.log_tail import last_lines
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import Platform, System
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service

_MISCONFIGURED = 78
"""What launchd itself gives when it cannot execute the program, and what a program may exit with, too."""
_OWN_SIGNALS = {7: "EMT", 10: "BUS", 12: "SYS", 16: "URG", 30: "USR1", 31: "USR2"}
"""The numbers of macOS that mean another signal on Linux."""
_SPAWN_SCHEDULED = "spawn scheduled"


def last_ends(system: System, _service: Service, jobs: tuple[Job, ...]) -> Reading[tuple[LastEnd, ...]]:
    """The last end of each loaded job."""
    if system.platform is not Platform.MACOS:
        return Reading(())
    problems: list[str] = []
    found: list[LastEnd] = []
    for job in jobs:
        reading = loaded_job(system, f"{job.scope}/{job.id}")
        if reading.problem is not None:
            problems.append(reading.problem)
        end = None if reading.value is None else _end(system, job, reading.value)
        found += [] if end is None else [end]
    return gathered(tuple(found), problems)


def _end(system: System, job: Job, printed: PrintedJob) -> LastEnd | None:
    if printed.exit_code is None and printed.signal is None:
        return None
    missing = _missing(system, printed)
    name = None if printed.signal is None else _signal(printed.signal)
    if missing is not None:
        kind, words = EndKind.NOT_STARTED, f"launchd cannot start it: {missing} does not exist"
    elif name is not None:
        kind, words = EndKind.SIGNALLED, signal_in_words(name)
    else:
        kind, words = EndKind.EXITED, exit_in_words(printed.exit_code or 0)
    if printed.exit_reason:
        words += f", {printed.exit_reason}"
    tail = last_lines(system, () if missing is not None else job.output)
    return LastEnd(
        kind=kind,
        manager="launchd",
        job=job.id,
        scope=job.scope,
        reported_by=f"{LAUNCHCTL} print",
        words=words,
        status=printed.exit_code if name is None else None,
        signal=name,
        culprit=missing,
        place=job.where if missing is not None else None,
        starts=None if printed.runs is None else max(0, printed.runs - 1),
        restarting=printed.state == _SPAWN_SCHEDULED,
        lines=tail.lines,
        log=tail.log,
    )


def _signal(number: int) -> str:
    return _OWN_SIGNALS.get(number) or signal_name(number) or str(number)


def _missing(system: System, printed: PrintedJob) -> str | None:
    """What launchd needs to start it and cannot find: the program, or the folder."""
    if printed.exit_code != _MISCONFIGURED:
        return None
    needed = (printed.program, printed.working_directory)
    rooted = (path for path in needed if path is not None and path.startswith("/"))
    return next((path for path in rooted if _is_gone(system, path)), None)


def _is_gone(system: System, path: str) -> bool:
    status = system.status(path)
    return status.complete and status.value is None
