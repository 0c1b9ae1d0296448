"""An instance runs from another Python than the profile's.

What it finds
-------------
An instance whose ``sys.prefix`` is not the venv of the profile. The interpreter's own symlink is not
followed, for every venv's leads out of it. Not flagged: ``python`` and ``python3.12`` of the same venv, a
venv whose folder is reached through a symlink, a framework build, a process that may not be looked into.

Why it matters
--------------
Another Python has other packages: the service fails where it did not fail when it was tried by hand.

How ghostfix repairs it
-----------------------
It stops that instance; when no other may stay, it starts one from the venv.

How to prevent it
-----------------
Write the venv's interpreter with its full path wherever the service is started, never a bare ``python``.
"""

from ghostfix.finding import Check, Evidence, Finding, Severity, Subject, SubjectKind
from ghostfix.instance import Instance, instances
from ghostfix.interpreter import foreign_prefix
from ghostfix.reading import Source
from ghostfix.remedy import restart
from ghostfix.scope import with_venv
from ghostfix.service import Service
from ghostfix.snapshot import Snapshot
from ghostfix.step import Step
from ghostfix.wording import described

CODE = "wrong-interpreter"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        _finding(instance, foreign, snapshot, service)
        for instance in instances(snapshot, service)
        if (foreign := foreign_prefix(snapshot, service, instance.root)) is not None
    )


def _finding(instance: Instance, foreign: str, snapshot: Snapshot, service: Service) -> Finding:
    root, expected = instance.root, service.path(service.environment.venv or "")
    called = "" if root.detail is None else f"called as {root.detail.interpreter or 'an unknown path'}"
    return Finding(
        code=CODE,
        severity=Severity.ERROR,
        summary=f"pid {root.pid} runs from {foreign}, not from {expected}",
        cause=f"It was started by {instance.managed_by} with another Python."
        if instance.managed_by is not None
        else "It was started with another Python than the one of its venv.",
        subject=Subject(SubjectKind.PROCESS, str(root.pid)),
        short=f"Python of {foreign}",
        evidence=(Evidence(described(root, snapshot)), *((Evidence(called),) if called else ())),
    )


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Interpreter",
    severity=Severity.ERROR,
    needs=(Source.PROCESSES, Source.ENVIRONMENT),
    find=find,
    repair=repair,
    applies=with_venv,
    page=__doc__,
)
