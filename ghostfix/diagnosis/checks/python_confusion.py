"""Several Pythons are on the PATH.

What it finds
-------------
More than one Python on the PATH after their symlinks are resolved. This is context, not a fault: most
machines have several. Not flagged: several names of one Python.

Why it matters
--------------
Which Python a bare ``python3`` means depends on who asks: cron, launchd, systemd and a login shell have
different PATHs.

How ghostfix repairs it
-----------------------
Not at all. Where an instance runs from the wrong one, ``wrong-interpreter`` says so.

How to prevent it
-----------------
Call the venv's interpreter by its full path.
"""

from ghostfix.diagnosis.applicability import with_python
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "python-confusion"


def find(snapshot: Snapshot, _service: Service) -> tuple[Finding, ...]:
    pythons = snapshot.environment.value.pythons
    distinct = {python.resolved for python in pythons}
    if len(distinct) < 2:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.INFO,
            summary=f"{len(distinct)} different Pythons are on the PATH; the first is {pythons[0].path}",
            cause="A job that calls a bare python3 may get another one than you do.",
            subject=Subject(SubjectKind.MACHINE, "python"),
            short=f"{len(distinct)} Pythons",
            evidence=bounded(
                Evidence(
                    python.path if python.path == python.resolved else f"{python.path} → {python.resolved}"
                )
                for python in pythons
            ),
        ),
    )


CHECK = Check(
    code=CODE,
    title="Pythons",
    group=Group.ENVIRONMENT,
    severity=Severity.INFO,
    needs=(Source.ENVIRONMENT,),
    find=find,
    repair=no_steps,
    applies=with_python,
    leads_to=(),
    page=__doc__,
)
