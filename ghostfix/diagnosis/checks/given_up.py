"""The service's manager has given up starting it.

What it finds
-------------
A job whose manager says that it tries no more: systemd's start limit, supervisord's FATAL, pm2's errored.
Not flagged: a job that its manager does not restart at all, and one that a person stopped.

Why it matters
--------------
Nothing brings the service back, also when the cause is gone: a person has to start it.

How ghostfix repairs it
-----------------------
Once nothing is missing any more that it needs to start, ``not-running`` starts it through its manager, and
resets the limit.

How to prevent it
-----------------
Leave time between two starts (``RestartSec=``), so that a short fault does not use up all of them.
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.last_ends import end_evidence, end_name, end_subject, own_ends, pressing
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.last_end import LastEnd
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "given-up"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=CODE,
            severity=pressing(end, snapshot, service),
            summary=f"{end_name(end)}: its manager has given up{_after(end)}",
            cause=f"Last of all: {end.words}.",
            subject=end_subject(end),
            short=f"{end.manager} gave up",
            evidence=end_evidence(end),
        )
        for end in own_ends(snapshot, service)
        if end.given_up
    )


def _after(end: LastEnd) -> str:
    if not end.starts:
        return ""
    return " after 1 restart" if end.starts == 1 else f" after {end.starts} restarts"


CHECK = Check(
    code=CODE,
    title="Given up",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.ENDS,),
    find=find,
    repair=no_steps,
    applies=with_instances,
    leads_to=("not-running", "health-unreachable"),
    page=__doc__,
)
