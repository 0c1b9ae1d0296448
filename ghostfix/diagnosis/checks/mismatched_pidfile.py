"""A PID file names a process of the service, but not the one that serves.

What it finds
-------------
The PID of an instance that listens on none of the ports while another one does, of a worker that does not
listen itself, or of an orphan. Not flagged: the top process of the instance that serves, a reloader's
child, the files of several instances that are all wanted.

Why it matters
--------------
A stop or reload by PID file reaches the wrong process: the service goes on as if nothing had been said.

How ghostfix repairs it
-----------------------
It stops the instance that should not run, and moves the file that named it aside. A file that names a worker
of the instance that stays is only reported.

How to prevent it
-----------------
Write the PID file in the top process, after the port is bound.
"""

from ghostfix.diagnosis.applicability import with_pidfiles
from ghostfix.diagnosis.evidence_text import bounded, described
from ghostfix.diagnosis.pidfile_owner import Owner, owner
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, Snapshot
from ghostfix.model.step import Step
from ghostfix.service.instance import instances

CODE = "mismatched-pidfile"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    found = []
    for pidfile in snapshot.pidfiles.value:
        process = None if pidfile.pid is None else snapshot.process(pidfile.pid)
        if process is not None and owner(pidfile, snapshot, service) is Owner.NOT_SERVING:
            found.append(_finding(pidfile, process, snapshot, service))
    return tuple(found)


def _finding(pidfile: PidFile, process: Process, snapshot: Snapshot, service: Service) -> Finding:
    serving = [instance.root for instance in instances(snapshot, service) if instance.ports]
    other = f"; pid {serving[0].pid} serves" if serving and serving[0].pid != process.pid else ""
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        summary=f"{pidfile.path} names pid {process.pid}, which does not serve{other}",
        cause="A second start overwrote it, or a worker wrote its own PID.",
        subject=Subject(SubjectKind.FILE, pidfile.path),
        short=f"{pidfile.path.rpartition('/')[2]} names the wrong one",
        evidence=bounded(
            [
                Evidence(f"named: {described(process, snapshot)}"),
                *(Evidence(f"serves: {described(root, snapshot)}") for root in serving),
            ]
        ),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="PID file's process",
    group=Group.PID_FILES,
    severity=Severity.WARNING,
    needs=(Source.PIDFILES, Source.PROCESSES, Source.LISTENERS),
    find=find,
    repair=repair,
    applies=with_pidfiles,
    leads_to=(),
    page=__doc__,
)
