"""A worker or reloader child of the service outlived its parent.

What it finds
-------------
A reloader's child whose reloader was killed; workers whose server died, seen by a listening socket that
several processes without a parent hold together; a spawned worker (``multiprocessing.spawn``, as uvicorn
and process pools use it) in the service's folder whose parent is gone. Not flagged: workers and reloader
children below their parent, daemons that detach on purpose, workers of other folders.

Why it matters
--------------
No process is left that would stop or replace an orphan. It keeps the port and answers with the code of
yesterday.

How ghostfix repairs it
-----------------------
It stops the orphan with all that is below it. One that keeps none of the service's ports could belong to
another program in the same folder: that one is only named.

How to prevent it
-----------------
Stop a server by asking its top process to end (TERM), never with KILL; let its manager end the whole
process group.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import described
from ghostfix.diagnosis.orphans import Orphan, orphans
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import counted

CODE = "orphan-instance"
_DOUBTS = {
    Confidence.LIKELY: "A program that detaches on purpose can look the same.",
    Confidence.POSSIBLE: "It keeps no port of the service: it may be another program's worker.",
}


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(_finding(orphan, snapshot) for orphan in orphans(snapshot, service))


def _finding(orphan: Orphan, snapshot: Snapshot) -> Finding:
    keeps = f" and keeps port {', '.join(map(str, orphan.ports))}" if orphan.ports else ""
    below = f", {counted(len(orphan.members), 'process')} below it" if orphan.members else ""
    return Finding(
        code=CODE,
        severity=Severity.ERROR if orphan.sure else Severity.WARNING,
        summary=f"pid {orphan.process.pid} outlived its parent{keeps}",
        cause="Its parent was killed without its children, so nobody stops or replaces it.",
        subject=Subject(SubjectKind.PROCESS, str(orphan.process.pid)),
        short=f"orphan {orphan.process.pid}",
        confidence=orphan.confidence,
        doubt=_DOUBTS.get(orphan.confidence),
        evidence=(
            Evidence(f"{described(orphan.process, snapshot)}{below}"),
            Evidence(orphan.sign),
        ),
    )


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return () if finding.confidence is Confidence.POSSIBLE else restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Orphans",
    group=Group.INSTANCES,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES,),
    find=find,
    repair=repair,
    applies=always,
    leads_to=(
        "port-shared",
        "port-unbound",
        "log-address-in-use",
        "mismatched-pidfile",
        "process-count",
        "zombie-processes",
    ),
    page=__doc__,
)
