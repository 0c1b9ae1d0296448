"""A PID file names a process that is another program by now.

What it finds
-------------
A PID file of the profile with the PID of a live process that is not the service. Certain when that process
started after the file was written: the kernel gave the PID out again. Otherwise only likely, and a
warning. Not flagged: any process of the service, a wrapper or restarter of it, a program's own PID file
(``nginx.pid`` with nginx's PID), a file on which a process holds a lock.

Why it matters
--------------
A stop by the PID file stops an innocent process, and a script that asks "does it run?" hears yes.

How ghostfix repairs it
-----------------------
It moves the file aside. The process that has the PID is never touched.

How to prevent it
-----------------
Keep PID files on a file system that is empty after a boot (``/run``), and let the lock live in the file:
``ghostfix run`` does.
"""

from ghostfix.diagnosis.applicability import with_pidfiles
from ghostfix.diagnosis.evidence_text import described
from ghostfix.diagnosis.pidfile_owner import Owner, fresh, owner
from ghostfix.diagnosis.repair_steps import removal
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import lasting

CODE = "recycled-pidfile"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    found = []
    for pidfile in snapshot.pidfiles.value:
        verdict = owner(pidfile, snapshot, service)
        process = None if pidfile.pid is None else snapshot.process(pidfile.pid)
        if process is not None and not pidfile.locked and verdict in (Owner.SUCCESSOR, Owner.STRANGER):
            found.append(_finding(pidfile, process, verdict, snapshot))
    return tuple(found)


def _finding(pidfile: PidFile, process: Process, verdict: Owner, snapshot: Snapshot) -> Finding:
    certain = verdict is Owner.SUCCESSOR
    return Finding(
        code=CODE,
        severity=Severity.ERROR if certain else Severity.WARNING,
        summary=f"{pidfile.path} names pid {process.pid}, which is {process.name}, not the service",
        cause="The process that wrote it ended without removing it, and its PID was given to another."
        if certain
        else "Its PID is not the service's: it was given to another, or the file is not the service's.",
        subject=Subject(SubjectKind.FILE, pidfile.path),
        short=f"{pidfile.path.rpartition('/')[2]} names {process.name}",
        confidence=_confidence(pidfile, certain, snapshot),
        doubt=None
        if certain
        else "The process was there when the file was written: it may be its own file, or a part of "
        "the service that the profile does not describe.",
        evidence=(Evidence(described(process, snapshot)), *_written(pidfile, process)),
    )


def _confidence(pidfile: PidFile, certain: bool, snapshot: Snapshot) -> Confidence:
    if certain:
        return Confidence.CERTAIN
    return Confidence.POSSIBLE if fresh(pidfile, snapshot) else Confidence.LIKELY


def _written(pidfile: PidFile, process: Process) -> tuple[Evidence, ...]:
    if pidfile.status is None:
        return ()
    later = process.id.started - pidfile.status.modified
    relation = f"{lasting(later)} after" if later > 0 else f"{lasting(-later)} before"
    return (Evidence(f"the process started {relation} the file was written"),)


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    if finding.confidence is Confidence.POSSIBLE:
        return ()
    return removal(finding, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Recycled PIDs",
    group=Group.PID_FILES,
    severity=Severity.ERROR,
    needs=(Source.PIDFILES, Source.PROCESSES),
    find=find,
    repair=repair,
    applies=with_pidfiles,
    leads_to=("traceback-in-log", "crash-loop", "given-up", "duplicate-instance", "not-running"),
    page=__doc__,
)
