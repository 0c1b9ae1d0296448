"""A process of the service has nearly as many open files as it may.

What it finds
-------------
A process of an instance whose open files and sockets exceed ``limits.open_files_percent`` of its own limit;
from 98 % it is an error. Not flagged: processes whose number of open files cannot be read.

Why it matters
--------------
At the limit it can accept no connection and open no file ("Too many open files"), and still runs.

How ghostfix repairs it
-----------------------
By itself, not at all: a restart would hide the leak for a while. When the health URL fails because of it,
that finding restarts the service.

How to prevent it
-----------------
Close what is opened; raise the limit (``LimitNOFILE=``, ``ulimit -n``) only when the number is meant.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import described
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.process import Process
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.text_units import percent_of
from ghostfix.service.instance import instances

CODE = "open-files"
_FULL = 98.0


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        _finding(process, number, limit, snapshot)
        for instance in instances(snapshot, service)
        for process in instance.processes
        if (counts := _counts(process)) is not None
        for number, limit in (counts,)
        if number * 100 > limit * service.limits.open_files_percent
    )


def _counts(process: Process) -> tuple[int, int] | None:
    detail = process.detail
    if detail is None or detail.open_file_count is None or not detail.open_file_limit:
        return None
    return detail.open_file_count, detail.open_file_limit


def _finding(process: Process, number: int, limit: int, snapshot: Snapshot) -> Finding:
    return Finding(
        code=CODE,
        severity=Severity.ERROR if number * 100 >= limit * _FULL else Severity.WARNING,
        summary=f"pid {process.pid} has {number} open files, {percent_of(number, limit)}",
        cause="It opens files or sockets and does not close them, or its limit is too low for its work.",
        subject=Subject(SubjectKind.PROCESS, str(process.pid)),
        short=f"{number} open files",
        evidence=(Evidence(described(process, snapshot)),),
    )


CHECK = Check(
    code=CODE,
    title="Open files",
    group=Group.RESOURCES,
    severity=Severity.WARNING,
    needs=(Source.PROCESSES,),
    find=find,
    repair=no_steps,
    applies=always,
    leads_to=("health-unreachable", "traceback-in-log"),
    page=__doc__,
)
