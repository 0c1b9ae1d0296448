"""The service did not end by itself: a signal ended it, or the kernel for want of memory.

What it finds
-------------
A last end that the manager or the kernel reports as a signal (SIGKILL, SIGSEGV, SIGABRT, ...) or as the work
of the kernel's out-of-memory killer. Not flagged: a stop that the manager was asked for.

Why it matters
--------------
The service's own log says nothing of it: a killed program cannot write. Memory that does not suffice, or a
fault in native code, ends it again after each start.

How ghostfix repairs it
-----------------------
It names the signal. What needs more memory than there is, or crashes, only a person can mend.

How to prevent it
-----------------
Give it a memory limit of its own (``MemoryMax=``), so that who used too much is known, and keep core
dumps.
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.last_ends import end_evidence, end_name, end_subject, own_ends, pressing
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

CODE = "ended-by-signal"
_WHY = {
    "KILL": "No program survives or logs this signal: somebody sent it, or the kernel for want of memory.",
    "SEGV": "The program used memory that it does not have: a fault in native code.",
    "ABRT": "The program gave itself up (abort): an assertion, or a fault that its runtime saw.",
    "BUS": "The program used memory that is not there: a file that was cut, or a faulty device.",
    "ILL": "The program met an instruction that this processor does not have.",
    "FPE": "The program divided by zero.",
    "SYS": "The program made a system call that its sandbox forbids (SystemCallFilter=).",
    "XCPU": "The program used more processor time than its limit allows.",
}


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code=CODE,
            severity=pressing(end, snapshot, service),
            summary=f"{end_name(end)}: {end.words}",
            cause=_cause(end),
            subject=end_subject(end),
            short=_short(end),
            evidence=end_evidence(end),
        )
        for end in own_ends(snapshot, service)
        if end.kind in (EndKind.SIGNALLED, EndKind.OUT_OF_MEMORY)
    )


def _cause(end: LastEnd) -> str:
    if end.kind is EndKind.OUT_OF_MEMORY:
        return "It needed more memory than the machine, or its control group, has."
    return _WHY.get(end.signal or "", "Another process, or the program itself, sent the signal.")


def _short(end: LastEnd) -> str:
    return "out of memory" if end.kind is EndKind.OUT_OF_MEMORY else f"killed by SIG{end.signal}"


CHECK = Check(
    code=CODE,
    title="Signals",
    group=Group.RESTARTERS,
    severity=Severity.ERROR,
    needs=(Source.ENDS,),
    find=find,
    repair=no_steps,
    applies=with_instances,
    leads_to=("crash-loop", "flapping", "given-up", "not-running", "health-unreachable", "port-unbound"),
    page=__doc__,
)
