"""The service's manager cannot load the job that the profile names.

What it finds
-------------
A unit that does not exist, is masked, or whose file systemd refuses: the file, the line and the reason, where
the journal has them. Not flagged: a unit that runs although its file has been changed since.

Why it matters
--------------
Neither a boot nor a person can start the service through its manager.

How ghostfix repairs it
-----------------------
It does not write other people's unit files: it names the line to mend.

How to prevent it
-----------------
Run ``systemd-analyze verify UNIT`` after each change of a unit file.
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.last_ends import end_evidence, end_name, end_subject, own_ends, pressing
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.last_end import EndKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "unit-not-loadable"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=CODE,
            severity=pressing(end, snapshot, service),
            summary=f"{end_name(end)} cannot be started: its definition is not loadable",
            cause=f"{end.words[:1].upper()}{end.words[1:]}.",
            subject=end_subject(end),
            short=f"{end.job} cannot be loaded",
            evidence=end_evidence(end),
        )
        for end in own_ends(snapshot, service)
        if end.kind is EndKind.NOT_LOADABLE
    )


CHECK = Check(
    code=CODE,
    title="Definition",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.ENDS,),
    find=find,
    repair=no_steps,
    applies=with_instances,
    leads_to=("not-running", "health-unreachable"),
    page=__doc__,
)
