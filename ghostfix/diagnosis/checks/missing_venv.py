"""The virtual environment of the profile does not exist.

What it finds
-------------
No folder or no interpreter where the profile says that the venv is. Not flagged: a venv that is reached
through a symlink, one made by uv, conda or virtualenv.

Why it matters
--------------
The service cannot be started as it should be; a start all the same uses another Python, without
the packages that it requires.

How ghostfix repairs it
-----------------------
It makes the venv, installs what the profile requires, and starts the service from it.

How to prevent it
-----------------
Make the venv part of the deployment, beside the code and out of reach of clean-up jobs.
"""

from ghostfix.diagnosis.applicability import with_venv
from ghostfix.diagnosis.repair_steps import create_venv, restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot, VenvState
from ghostfix.model.step import Step

CODE = "missing-venv"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    venv = snapshot.environment.value.venv
    if venv is None or venv.state is not VenvState.MISSING:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"the venv {venv.path} does not exist",
            cause=f"It was never made, or was removed; {service.name} cannot run from it.",
            subject=Subject(SubjectKind.FILE, venv.path),
            short="missing venv",
            evidence=(Evidence(venv.problem or f"{venv.python} does not exist"),),
        ),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return (
        *restart(CODE, snapshot, service),
        *create_venv(CODE, snapshot, service, broken=False),
    )


CHECK = Check(
    code=CODE,
    title="Missing venv",
    group=Group.ENVIRONMENT,
    severity=Severity.ERROR,
    needs=(Source.ENVIRONMENT,),
    find=find,
    repair=repair,
    applies=with_venv,
    leads_to=("wrong-interpreter", "log-missing-module", "crash-loop", "flapping", "not-running"),
    page=__doc__,
)
