"""The log repeats that None was compared with a number.

What it finds
-------------
``TypeError: '>' not supported between instances of 'NoneType' and 'int'``, and its kin, since the last start.
Not flagged: what was logged before it, and what was caught and logged below the level ERROR.

Why it matters
--------------
A reading that could not be taken came as None, and the code compares it with a limit. The loop that does so
fails in every round, and the part of the service that it drives is down.

How ghostfix repairs it
-----------------------
By what led to it: the missing package, the wrong Python or the crowded machine that makes the reading fail.
The comparison itself must be mended where the traceback says.

How to prevent it
-----------------
Treat "could not read" as an answer of its own: ``if value is not None and value > limit``.
"""

from ghostfix.diagnosis.applicability import with_logs
from ghostfix.diagnosis.log_faults import FaultFamily, LogFaults, faults
from ghostfix.diagnosis.log_finding import log_finding
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "log-none-comparison"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        log_finding(CODE, fault, _cause(fault), snapshot, service)
        for fault in faults(snapshot, service, FaultFamily.NONE_COMPARED)
    )


def _cause(fault: LogFaults) -> str:
    place = fault.errors[0].place
    where = f" at {place}" if place else ""
    return f"A reading was None, and the code compares it with a limit{where} without looking."


CHECK = Check(
    code=CODE,
    title="None compared",
    group=Group.LOGS,
    severity=Severity.ERROR,
    needs=(Source.LOGS,),
    find=find,
    repair=no_steps,
    applies=with_logs,
    leads_to=("health-degraded", "crash-loop", "flapping", "not-running"),
    page=__doc__,
)
