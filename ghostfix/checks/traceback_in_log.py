"""The service logs exceptions that nobody handled.

What it finds
-------------
Exceptions in the service's logs since its oldest running instance was started, or within the last day when
none runs. Those with a known cause have a code of their own. An error when they go on, or when the service is
ill; otherwise a warning. Not flagged: what was logged before the last start, and exceptions that were caught
and logged below the level ERROR.

Why it matters
--------------
A traceback tells file and line of the fault; repeated ones hide all others.

How ghostfix repairs it
-----------------------
Not at all: the program must be mended where the traceback says. Other findings repair what led to it.

How to prevent it
-----------------
Log handled exceptions as such, and let unhandled ones end the process, so that its manager notices.
"""

from ghostfix.aspects.log_finding import log_finding
from ghostfix.aspects.logged import Family, LogFaults, faults
from ghostfix.aspects.remedy import no_steps
from ghostfix.aspects.scope import with_logs
from ghostfix.finding import Check, Finding, Severity
from ghostfix.reading import Source
from ghostfix.service import Service
from ghostfix.snapshot import Snapshot

CODE = "traceback-in-log"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        log_finding(CODE, fault, _cause(fault), snapshot, service)
        for fault in faults(snapshot, service, Family.OTHER)
    )


def _cause(fault: LogFaults) -> str:
    place = fault.errors[0].place
    return "The program meets something that it does not handle" + (f", at {place}." if place else ".")


CHECK = Check(
    code=CODE,
    title="Tracebacks",
    severity=Severity.ERROR,
    needs=(Source.LOGS,),
    find=find,
    repair=no_steps,
    applies=with_logs,
    page=__doc__,
)
