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

from ghostfix.diagnosis.applicability import with_venv
from ghostfix.diagnosis.evidence_text import bounded, described, pids
from ghostfix.diagnosis.interpreter import foreign_prefix
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import listed
from ghostfix.service.instance import Instance, instances

CODE = "wrong-interpreter"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    by_prefix: dict[str, list[Instance]] = {}
    for instance in instances(snapshot, service):
        foreign = foreign_prefix(snapshot, service, instance.root)
        if foreign is not None:
            by_prefix.setdefault(foreign, []).append(instance)
    return tuple(_finding(found, foreign, snapshot, service) for foreign, found in by_prefix.items())


def _finding(found: list[Instance], foreign: str, snapshot: Snapshot, service: Service) -> Finding:
    """One finding for all instances that run from the same other Python."""
    expected = service.path(service.environment.venv or "")
    roots = [instance.root for instance in found]
    starters = sorted({instance.managed_by for instance in found if instance.managed_by is not None})
    by_whom = f" by {listed(starters)}" if starters else ""
    return Finding(
        code=CODE,
        severity=Severity.ERROR,
        summary=f"{pids(roots)} {'runs' if len(roots) == 1 else 'run'} from {foreign}, not from {expected}",
        cause=f"It was started{by_whom} with another Python than the one of its venv."
        if len(roots) == 1
        else f"They were started{by_whom} with another Python than the one of their venv.",
        subject=Subject(SubjectKind.PROCESS, ",".join(str(root.pid) for root in roots)),
        short=f"Python of {foreign}",
        evidence=bounded(Evidence(f"{described(root, snapshot)}; {_called(root)}") for root in roots),
    )


def _called(root: Process) -> str:
    interpreter = None if root.detail is None else root.detail.interpreter
    return f"called as {interpreter or 'an unknown path'}"


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Interpreter",
    group=Group.ENVIRONMENT,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES, Source.ENVIRONMENT),
    find=find,
    repair=repair,
    applies=with_venv,
    leads_to=("log-missing-module", "log-none-comparison", "health-degraded"),
    page=__doc__,
)
