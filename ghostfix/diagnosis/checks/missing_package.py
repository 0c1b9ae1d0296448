"""The service's virtual environment lacks a package that the profile requires.

What it finds
-------------
A venv that works but cannot import what ``environment.requires`` names, found by running its interpreter.
Not flagged: packages that are there and that the profile does not name.

Why it matters
--------------
The service ends with ``ModuleNotFoundError``, or goes on without a part of itself: readings are None and
comparisons with them fail.

How ghostfix repairs it
-----------------------
It installs what is missing into the venv, and starts the service anew.

How to prevent it
-----------------
Install from one list of requirements at each deployment, and check it with ``ghostfix diagnose``.
"""

from ghostfix.diagnosis.applicability import with_packages
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.repair_steps import install, restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot, VenvState
from ghostfix.model.step import Step
from ghostfix.model.text_units import counted, listed

CODE = "missing-package"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    venv = snapshot.environment.value.venv
    if venv is None or venv.state is not VenvState.WORKS or not venv.missing:
        return ()
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"the venv {venv.path} lacks {listed(venv.missing)}",
            cause=f"{service.name} requires {counted(len(venv.missing), 'package')} that it cannot import.",
            subject=Subject(SubjectKind.FILE, venv.path),
            short=f"no {venv.missing[0]}"
            if len(venv.missing) == 1
            else f"{len(venv.missing)} packages missing",
            evidence=bounded(Evidence(f"{venv.python} cannot import {name}") for name in venv.missing),
        ),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    venv = snapshot.environment.value.venv
    missing = () if venv is None else venv.missing
    return (*restart(CODE, snapshot, service), *install(CODE, service, missing))


CHECK = Check(
    code=CODE,
    title="Packages",
    group=Group.ENVIRONMENT,
    severity=Severity.ERROR,
    needs=(Source.ENVIRONMENT,),
    find=find,
    repair=repair,
    applies=with_packages,
    leads_to=("log-missing-module", "log-none-comparison", "health-degraded", "not-running"),
    page=__doc__,
)
