"""A PID file names a process that does not exist.

What it finds
-------------
A PID file of the profile with a PID that no process has, or only a zombie. Not flagged: a file whose first
line is a PID of the service (further lines are ignored), and a file on which a process holds a lock. One
that was written in the last two seconds is only a possibility: its process may have started since. What
``ghostfix run`` left of a process that was killed is no more than a note: its lock ended with that process,
and the next start takes the file over. It is known by the blank line behind the PID.

Why it matters
--------------
Start scripts refuse to start ("already running"), stop scripts fail, and one day the kernel gives the PID
to another process, which is then stopped in the service's place.

How ghostfix repairs it
-----------------------
It moves the file aside, after comparing it once more with what was diagnosed. It never follows a symlink.
A file of ``ghostfix run`` stays where it is.

How to prevent it
-----------------
Let the lock live in the file and die with the process: ``ghostfix run`` does, and an old file keeps nobody
out.
"""

from ghostfix.diagnosis.applicability import with_pidfiles
from ghostfix.diagnosis.pidfile_owner import Owner, fresh, owner
from ghostfix.diagnosis.repair_steps import removal
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.run_lock import is_own
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import lasting

CODE = "stale-pidfile"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        _finding(pidfile, snapshot)
        for pidfile in snapshot.pidfiles.value
        if not pidfile.locked and owner(pidfile, snapshot, service) is Owner.NO_PROCESS
    )


def _finding(pidfile: PidFile, snapshot: Snapshot) -> Finding:
    young = fresh(pidfile, snapshot)
    zombie = pidfile.pid is not None and snapshot.process(pidfile.pid) is not None
    which = "is a zombie" if zombie else "does not exist"
    harmless = _is_harmless(pidfile)
    note = "; it keeps nobody out, and the next `ghostfix run` takes it over" if harmless else ""
    return Finding(
        code=CODE,
        severity=Severity.INFO if harmless else Severity.WARNING,
        summary=f"{pidfile.path} names pid {pidfile.pid}, which {which}{note}",
        cause="The process that wrote it was killed, or the machine went down, before the file was removed.",
        subject=Subject(SubjectKind.FILE, pidfile.path),
        short=f"stale {pidfile.path.rpartition('/')[2]}",
        confidence=Confidence.POSSIBLE if young else Confidence.CERTAIN,
        doubt="It was written a moment ago: its process may have started after the processes were read."
        if young
        else None,
        evidence=_written(pidfile, snapshot),
    )


def _is_harmless(pidfile: PidFile) -> bool:
    return pidfile.locked is False and is_own(pidfile.content)


def _written(pidfile: PidFile, snapshot: Snapshot) -> tuple[Evidence, ...]:
    if pidfile.status is None:
        return ()
    age = snapshot.taken_at - pidfile.status.modified
    if age < 0:
        return (Evidence(f"it is dated {lasting(-age)} after this look: its clock is another one"),)
    return (Evidence(f"it was written {lasting(age)} before this look"),)


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    if finding.confidence is Confidence.POSSIBLE or finding.severity is Severity.INFO:
        return ()
    return removal(finding, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Stale PID files",
    group=Group.PID_FILES,
    severity=Severity.WARNING,
    needs=(Source.PIDFILES, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_pidfiles,
    leads_to=("traceback-in-log", "crash-loop", "given-up", "duplicate-instance", "not-running"),
    page=__doc__,
)
