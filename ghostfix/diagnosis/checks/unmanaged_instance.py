"""What runs is not what the service's manager runs.

What it finds
-------------
An instance that the profile's manager did not start, while the manager's own job is down: left behind by
an earlier start, or started by hand. An error when the manager tries to start its own and fails; else a
warning. Not flagged: what lies in the control group of the
unit, below its supervisord or pm2; a manager that only starts and never watches, such as cron.

Why it matters
--------------
The manager restarts its own for ever, or has given up. What answers is old, is stopped by no order of the
manager, and is started by nothing when it ends or at the next boot.

How ghostfix repairs it
-----------------------
Where it keeps the manager out, it stops that instance, moves its PID file aside, and has the manager start
the service. Where the manager's job is merely down, nothing is stopped.

How to prevent it
-----------------
Start and stop the service through its manager alone, and let its program stay in the foreground (``exec`` at
the end of a start script), so that the manager's stop reaches it.
"""

from ghostfix.diagnosis.applicability import with_instances
from ghostfix.diagnosis.evidence_text import bounded, described, pids
from ghostfix.diagnosis.last_ends import end_evidence, failing_end
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.diagnosis.unmanaged_instances import own_job, unmanaged_instances
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step

CODE = "unmanaged-instance"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    outside, job = unmanaged_instances(snapshot, service), own_job(snapshot, service)
    if not outside or job is None:
        return ()
    end = failing_end(snapshot, service)
    name = job.label
    runs = "runs" if len(outside) == 1 else "run"
    who = pids([instance.root for instance in outside])
    return (
        Finding(
            code=CODE,
            severity=Severity.WARNING if end is None else Severity.ERROR,
            summary=f"{who} of {service.name} {runs} outside {name}, {_state(end is None)}",
            cause="It was started by hand or left behind; its manager neither stops it nor starts it again."
            if end is None
            else f"As long as it {runs}, its manager's own does not stay up: {end.words}.",
            subject=Subject(SubjectKind.SERVICE, service.name),
            short=f"{who} outside {name}",
            evidence=bounded(
                [
                    *(Evidence(described(instance.root, snapshot)) for instance in outside),
                    *(() if end is None else end_evidence(end)),
                ]
            ),
        ),
    )


def _state(down: bool) -> str:
    return "which does not run" if down else "which cannot start its own"


def repair(finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service) if finding.severity is Severity.ERROR else ()


CHECK = Check(
    code=CODE,
    title="Outside its manager",
    group=Group.INSTANCES,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES, Source.RESTARTERS, Source.ENDS),
    find=find,
    repair=repair,
    applies=with_instances,
    leads_to=(
        "failed-to-start",
        "crash-loop",
        "given-up",
        "ended-by-signal",
        "log-address-in-use",
        "traceback-in-log",
    ),
    page=__doc__,
)
