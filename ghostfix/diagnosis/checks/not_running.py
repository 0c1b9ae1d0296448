"""The service does not run.

What it finds
-------------
No process whose command line runs the service, in its folder. Not flagged: a service of which the profile
wants no instance, and one that sleeps until the first connection to a socket that its manager keeps. When
the health URL answers as it should although no process is seen, this is only a possibility: the process may
belong to another user, or run in a container.

Why it matters
--------------
A service that is down serves nobody. When something restarts it and it is down all the same, it ends as
soon as it starts: its manager or its log says why, and the last lines are shown.

How ghostfix repairs it
-----------------------
After everything else (restarters held, files cleaned, environment mended) it starts exactly one instance,
detached from the terminal, with its output in the service's log. A service with a manager in its profile
is started through that manager. While what its last start lacked is still missing (the program, its user, an
environment file, a module), or the manager starts it again by itself, no start is planned: it would change
nothing.

How to prevent it
-----------------
Name one manager in the profile, with a back-off between restarts and a limit to them.
"""

from msgspec import structs

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.futile_start import futile_start
from ghostfix.diagnosis.http_answer import complaints, unreachable
from ghostfix.diagnosis.last_ends import decisive_end, end_evidence, end_name
from ghostfix.diagnosis.log_faults import ending
from ghostfix.diagnosis.log_finding import headline
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.diagnosis.socket_activation import sleeps
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.last_end import EndKind
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import lasting
from ghostfix.service.instance import instances

CODE = "not-running"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    if instances(snapshot, service) or not snapshot.processes.complete or sleeps(snapshot, service):
        return ()
    answers = _answers(snapshot, service)
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING if answers else Severity.ERROR,
            summary=f"no process of {service.name} runs in {service.directory}",
            cause=_cause(snapshot, service),
            subject=Subject(SubjectKind.SERVICE, service.name),
            short=_short(snapshot, service),
            confidence=Confidence.POSSIBLE if answers else Confidence.CERTAIN,
            doubt="Its health URL answers as it should: it may run as somebody else, or in a container."
            if answers
            else None,
            evidence=_evidence(snapshot, service),
        ),
    )


def _answers(snapshot: Snapshot, service: Service) -> bool:
    health = snapshot.health.value
    if health is None or service.health is None:
        return False
    return unreachable(health) is None and not complaints(health)


def _cause(snapshot: Snapshot, service: Service) -> str:
    end, log = decisive_end(snapshot, service), ending(snapshot, service)
    if log is not None and (end is None or end.kind is EndKind.EXITED):
        return f"It ended, and its log says why: {headline(log.error, service, 1).rstrip('.')}."
    if end is not None:
        return f"{end_name(end)}: {end.words}."
    if service.manager != "none":
        return f"Its manager, {service.manager}, has not started it, or it ended."
    return "It ended or was never started, and nothing that may start it has brought it back."


def _short(snapshot: Snapshot, service: Service) -> str:
    """The link of the chain, after the reason where no other finding has it."""
    end = decisive_end(snapshot, service)
    if end is not None and end.kind is EndKind.STOPPED:
        return "stopped → not running"
    exited = end is not None and end.kind is EndKind.EXITED and end.status is not None
    if end is None or not exited or ending(snapshot, service) is not None:
        return "not running"
    return f"exit status {end.status} → not running"


def _evidence(snapshot: Snapshot, service: Service) -> tuple[Evidence, ...]:
    wanted = " ".join(service.start_command)
    end = decisive_end(snapshot, service)
    seen = [] if end is None else list(end_evidence(structs.replace(end, log=None)))
    if (futile := futile_start(snapshot, service)) is not None:
        seen.append(Evidence(f"no start is planned: {futile}"))
    seen.append(Evidence(f"looked at {len(snapshot.processes.value)} processes for: {wanted}"))
    seen.extend(Evidence(f"{path.path} names pid {path.pid}") for path in snapshot.pidfiles.value if path.pid)
    return bounded([*seen, *_last_lines(snapshot, service)])


def _last_lines(snapshot: Snapshot, service: Service) -> list[Evidence]:
    """The end of the log written last, as it is: better than silence where nothing in it is understood."""
    told = [log for log in snapshot.logs.value if log.last_lines]
    end = ending(snapshot, service)
    log = end.log if end is not None else max(told, key=lambda each: each.modified, default=None)
    if log is None:
        return []
    age = lasting(snapshot.taken_at - log.modified)
    begin = Evidence(f"the end of {log.path}, written {age} before this look:")
    return [begin, *(Evidence(f"| {line}") for line in log.last_lines)]


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return () if finding.confidence is Confidence.POSSIBLE else restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Running",
    group=Group.INSTANCES,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES,),
    find=find,
    repair=repair,
    applies=with_instances,
    leads_to=("health-unreachable", "webhook-failing"),
    page=__doc__,
)
