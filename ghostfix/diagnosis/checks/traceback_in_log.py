"""The service logs errors that it did not handle, or says why it cannot go on.

What it finds
-------------
Exceptions and crashes of any language in the service's logs since its oldest running instance was started,
or within the last day when none runs; then also the last record of the logs, in whatever words it says why
the service ended: another instance, a lock, a file or a host that it could not have. Those with a known cause
have a code of their own. An error when they go on, or when the service is ill; otherwise a warning; only
mentioned when the service ended with a later record than these. Not flagged: what was logged before the last
start, and exceptions that were caught and logged below the level ERROR.

Why it matters
--------------
The last record before the end says why it ended; a stack trace names file and line of the fault.

How ghostfix repairs it
-----------------------
Not at all: the program must be mended where the log says. Other findings repair what led to it.

How to prevent it
-----------------
Log handled exceptions as such, and let unhandled ones end the process, so that its manager notices.
"""

from ghostfix.diagnosis.applicability import with_logs
from ghostfix.diagnosis.log_faults import FaultFamily, LogFaults, faults
from ghostfix.diagnosis.log_finding import log_finding, named, own_place, refusal
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LoggedError, Reason, Snapshot

CODE = "traceback-in-log"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        log_finding(CODE, fault, _cause(fault, snapshot, service), snapshot, service)
        for fault in faults(snapshot, service, FaultFamily.OTHER)
    )


def _cause(fault: LogFaults, snapshot: Snapshot, service: Service) -> str:
    error = fault.errors[0]
    place = own_place(error, service)
    where = f", at {place}" if place else ""
    if error.reason in {Reason.EXCEPTION, Reason.OTHER, Reason.CRASH}:
        return f"The program meets something that it does not handle{where}."
    reason = (refusal(error) or named(error)).rstrip(".")
    return f"The program says itself why it cannot go on: {reason}{where}.{_gone(error, snapshot)}"


def _gone(error: LoggedError, snapshot: Snapshot) -> str:
    """Of a process that it thinks is itself: whether there is one."""
    pid = (error.about or "").removeprefix("pid ")
    if error.reason is not Reason.ALREADY_RUNNING or not pid.isdecimal() or not snapshot.processes.complete:
        return ""
    return "" if snapshot.process(int(pid)) is not None else f" No process has the PID {pid} now."


CHECK = Check(
    code=CODE,
    title="Tracebacks",
    group=Group.LOGS,
    severity=Severity.ERROR,
    needs=(Source.LOGS,),
    find=find,
    repair=no_steps,
    applies=with_logs,
    leads_to=("health-degraded", "crash-loop", "flapping", "not-running"),
    page=__doc__,
)
