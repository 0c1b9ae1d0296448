"""The service's manager could not start it: the program's own code never ran, or never came up.

What it finds
-------------
What the manager itself says of the last start: no such program or interpreter, user, folder or environment
file, a sandbox that cannot be built, a condition that is not met, a start that systemd waited for in vain.
What is missing is looked up on the machine and named, with the line that asks for it. Not flagged: a job that
never was to be started, and one that a person stopped.

Why it matters
--------------
A restart cannot help: the next start ends in the same way, and the service's own log says nothing of it.

How ghostfix repairs it
-----------------------
It names what is missing, and plans no restart while that is so. The venv findings have steps of their own.

How to prevent it
-----------------
Run ``systemd-analyze verify UNIT`` after each change, and start the service once after each deployment.
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.last_ends import end_evidence, end_name, end_subject, in_short, own_ends, pressing
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.last_end import EndKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "failed-to-start"
_SAID = {
    EndKind.NOT_STARTED: "could not be started",
    EndKind.REFUSED: "was not started",
    EndKind.TIMED_OUT: "did not come up, or did not stay",
}


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=CODE,
            severity=pressing(end, snapshot, service),
            summary=f"{end_name(end)} {_SAID[end.kind]}",
            cause=f"{end.words[:1].upper()}{end.words[1:]}.",
            subject=end_subject(end),
            short=in_short(end),
            evidence=end_evidence(end),
        )
        for end in own_ends(snapshot, service)
        if end.kind in _SAID
    )


CHECK = Check(
    code=CODE,
    title="Start",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.ENDS,),
    find=find,
    repair=no_steps,
    applies=with_instances,
    leads_to=("crash-loop", "flapping", "given-up", "not-running", "health-unreachable", "port-unbound"),
    page=__doc__,
)
