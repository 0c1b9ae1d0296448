"""at's queue: the jobs that wait, read from its folder as root, else from ``atq`` and ``at -c``."""

from datetime import datetime

from msgspec import Struct

from ghostfix.managers.at.at_job import AtScript, read_name, read_queue, read_script
from ghostfix.model.machine import System
from ghostfix.model.reading import Reading, gathered
from ghostfix.service.passwd import name_of

FOLDERS = ("/var/spool/cron/atjobs", "/var/spool/at", "/usr/lib/cron/jobs")
"""Where Debian, Fedora and macOS keep the queue."""
OUTPUTS = ("/var/spool/cron/atspool/", "/var/spool/at/spool/", "/usr/lib/cron/spool/")
"""Where each keeps what a running job prints, until it is mailed."""

_LIMIT = 1 << 20
_FORMATS = ("%a %b %d %H:%M:%S %Y", "%a %d %b %Y %H:%M:%S", "%Y-%m-%d %H:%M")


class AtJob(Struct, frozen=True, kw_only=True):
    """A job that waits."""

    number: int
    queue: str
    user: str
    due: float | None
    """When it will run; None when the date could not be understood."""
    text: str
    script: AtScript
    path: str | None = None
    """Its file, when that could be seen."""


def queued(system: System) -> Reading[tuple[AtJob, ...]]:
    """The jobs that wait: everybody's for root, else the caller's own."""
    folder = queue_folder(system)
    if folder is None:
        return Reading(())
    names = system.names(folder)
    if names.complete:
        return _from_folder(system, folder, names.value)
    if system.program("atq") is None:
        return Reading((), f"{names.problem}, and there is no atq", complete=False)
    return _from_program(system)


def queue_folder(system: System) -> str | None:
    """Where this machine keeps the queue; None when it has none."""
    return next((path for path in FOLDERS if system.status(path).value is not None), None)


def _from_folder(system: System, folder: str, names: tuple[str, ...]) -> Reading[tuple[AtJob, ...]]:
    found: list[AtJob] = []
    problems: list[str] = []
    for name in names:
        file, path = read_name(name), f"{folder}/{name}"
        if file is None or file.queue == "=":
            continue
        reading = system.read(path, _LIMIT)
        if not reading.complete:
            if system.status(path).value is not None:  # else it has just begun to run
                problems.append(f"{path} could not be read: {reading.problem}")
            continue
        text = reading.value.decode(errors="surrogateescape")
        script = read_script(text)
        found.append(
            AtJob(
                number=file.number,
                queue=file.queue,
                user=_owner(system, path) or script.user or "",
                due=file.due,
                text=text,
                script=script,
                path=path,
            )
        )
    return gathered(tuple(found), problems)


def _owner(system: System, path: str) -> str | None:
    """Whose job it is for atd: its file's owner. Some at(1) put a name of the user's choice into the text."""
    status = system.status(path).value
    return None if status is None else name_of(system, status.uid)


def _from_program(system: System) -> Reading[tuple[AtJob, ...]]:
    answer = system.ask(("atq",), timeout=5.0)
    if answer.status != 0:
        # at.allow and at.deny: who may not use at has no jobs.
        if b"permission" in answer.stderr:
            return Reading((), answer.complaint)
        return Reading((), f"`atq` failed: {answer.complaint}", complete=False)
    found: list[AtJob] = []
    problems: list[str] = []
    for row in read_queue(answer.text):
        shown = system.ask(("at", "-c", str(row.number)), timeout=5.0)
        if shown.status != 0:
            problems.append(f"`at -c {row.number}` failed: {shown.complaint}")
            continue
        text = shown.stdout.decode(errors="surrogateescape")
        found.append(
            AtJob(
                number=row.number,
                queue=row.queue,
                user=row.user,
                due=_moment(row.when),
                text=text,
                script=read_script(text),
            )
        )
    return gathered(tuple(found), problems)


def _moment(text: str) -> float | None:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).astimezone().timestamp()
        except ValueError:
            continue
    return None
