"""A PID file holds no PID.

What it finds
-------------
A PID file of the profile that is empty, binary or without a number on its first line, a symlink, or no
regular file at all. Not flagged: further lines after the PID (``postmaster.pid``), an empty file on which a
process holds a lock, and one that was created in the last two seconds.

Why it matters
--------------
Scripts that read it fail in unforeseen ways: an empty PID in ``kill -0 $(cat file)`` asks about
the script's own process group.

How ghostfix repairs it
-----------------------
It moves a regular file aside. A symlink or a folder in a PID file's place is only named: what it leads to
may be another program's.

How to prevent it
-----------------
Write the PID to a temporary file and rename it; look for a full disk, the usual source of empty files.
"""

from ghostfix.diagnosis.applicability import with_pidfiles
from ghostfix.diagnosis.pidfile_owner import fresh
from ghostfix.diagnosis.repair_steps import removal
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, PidFileState, Snapshot

CODE = "malformed-pidfile"
_WHAT = {
    PidFileState.EMPTY: "is empty",
    PidFileState.MALFORMED: "holds no PID",
    PidFileState.SYMLINK: "is a symlink",
    PidFileState.NOT_A_FILE: "is not a regular file",
}
_REMOVABLE = (PidFileState.EMPTY, PidFileState.MALFORMED)


def find(snapshot: Snapshot, _service: Service) -> tuple[Finding, ...]:
    return tuple(
        _finding(pidfile)
        for pidfile in snapshot.pidfiles.value
        if pidfile.state in _WHAT and not _may_be_empty(pidfile, snapshot)
    )


def _may_be_empty(pidfile: PidFile, snapshot: Snapshot) -> bool:
    """Created and not yet written, or a lock that never holds anything."""
    if pidfile.state not in _REMOVABLE:
        return False
    return bool(pidfile.locked) or (pidfile.state is PidFileState.EMPTY and fresh(pidfile, snapshot))


def _finding(pidfile: PidFile) -> Finding:
    content = pidfile.content[:80].decode(errors="backslashreplace")
    seen = f"it begins with {content!r}" if content else "it holds nothing"
    removable = pidfile.state in _REMOVABLE
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        summary=f"{pidfile.path} {_WHAT[pidfile.state]}",
        cause="It was cut short or overwritten: by a full disk, a crash, or another program."
        if removable
        else "Somebody put something else in its place; ghostfix does not touch what it leads to.",
        subject=Subject(SubjectKind.FILE, pidfile.path),
        short=f"malformed {pidfile.path.rpartition('/')[2]}",
        evidence=(Evidence(pidfile.problem or seen),),
    )


CHECK = Check(
    code=CODE,
    title="PID file contents",
    group=Group.PID_FILES,
    severity=Severity.WARNING,
    needs=(Source.PIDFILES,),
    find=find,
    repair=removal,
    applies=with_pidfiles,
    leads_to=("traceback-in-log", "crash-loop", "given-up", "duplicate-instance", "not-running"),
    page=__doc__,
)
