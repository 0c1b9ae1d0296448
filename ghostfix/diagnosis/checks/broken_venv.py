"""The virtual environment of the profile exists, but its Python does not run.

What it finds
-------------
A venv whose interpreter ends with an error when it is run, is no program, or leads nowhere: an upgrade of
the Python that it was made from leaves links that exist and do not run. Not flagged: a venv that works,
however it was made.

Why it matters
--------------
The service cannot be started as it should be; one that still runs will not come back after its next end.

How ghostfix repairs it
-----------------------
It moves the broken venv aside, makes a new one with what the profile requires, and starts the service
from it.

How to prevent it
-----------------
Make venvs from a Python that upgrades do not replace, and make them anew with each deployment.
"""

from ghostfix.diagnosis.applicability import with_venv
from ghostfix.diagnosis.repair_steps import create_venv, restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot, VenvState
from ghostfix.model.step import Step

CODE = "broken-venv"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    venv = snapshot.environment.value.venv
    if venv is None or venv.state is not VenvState.BROKEN:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"the venv {venv.path} does not work",
            cause=f"The Python it was made from is gone or was changed; {service.name} cannot start from it.",
            subject=Subject(SubjectKind.FILE, venv.path),
            short="broken venv",
            evidence=(Evidence(venv.problem or f"{venv.python} does not run"),),
        ),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return (
        *restart(CODE, snapshot, service),
        *create_venv(CODE, snapshot, service, broken=True),
    )


CHECK = Check(
    code=CODE,
    title="Broken venv",
    group=Group.ENVIRONMENT,
    severity=Severity.ERROR,
    needs=(Source.ENVIRONMENT,),
    find=find,
    repair=repair,
    applies=with_venv,
    leads_to=("wrong-interpreter", "log-missing-module", "crash-loop", "flapping", "not-running"),
    page=__doc__,
)
