"""Too many instances of the service run at once.

What it finds
-------------
More running instances than the profile wants. An instance is a process whose command line runs the
service, with everything below it: a reloader and its child, a server and its workers, a hand-over of
gunicorn count once. Not flagged: an editor, ``tail -f``, ``grep`` or a shell with the name in its command
line; the same program in another folder or a container; as many as the profile's own manager runs
(``numprocs``, a cluster, ``foo@1`` and ``foo@2``).

Why it matters
--------------
Instances fight over the port, the PID file, the log and the data. Requests are answered by one of them,
and a change of code or configuration seems to have no effect.

How ghostfix repairs it
-----------------------
It holds what starts them, then stops all but one: the instance that listens on the service's ports, runs
from the profile's venv and is healthy. Where none is, it stops all and starts one.

How to prevent it
-----------------
Let one manager start the service, and let the service take a lock: ``ghostfix run`` does.
"""

from ghostfix.diagnosis.applicability import always
from ghostfix.diagnosis.evidence_text import bounded, described, pids
from ghostfix.diagnosis.instance_health import wanted_instances
from ghostfix.diagnosis.instance_to_keep import instances_to_keep
from ghostfix.diagnosis.repair_steps import restart
from ghostfix.model.finding import Check, Evidence, Finding, Group, Severity, Subject, SubjectKind
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step
from ghostfix.model.text_units import counted
from ghostfix.service.instance import Instance, instances

CODE = "duplicate-instance"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    running = instances(snapshot, service)
    wanted = wanted_instances(snapshot, service)
    if len(running) <= wanted:
        return ()
    staying = {instance.root.pid for instance in instances_to_keep(snapshot, service)}
    number = counted(len(running), "instance")
    roots = [instance.root for instance in running]
    return (
        Finding(
            code=CODE,
            severity=Severity.ERROR,
            summary=f"{number} of {service.name} run ({pids(roots)}), where {wanted} should",
            cause="Something starts the service without looking whether it runs, and each start adds one.",
            subject=Subject(SubjectKind.SERVICE, service.name),
            short=number,
            evidence=bounded(_seen(instance, snapshot, instance.root.pid in staying) for instance in running),
        ),
    )


def _seen(instance: Instance, snapshot: Snapshot, stays: bool) -> Evidence:
    parts = [described(instance.root, snapshot)]
    if instance.members:
        parts.append(f"{counted(len(instance.members), 'process')} below it")
    if instance.ports:
        parts.append(f"listens on {', '.join(map(str, instance.ports))}")
    if instance.managed_by is not None:
        parts.append(f"started by {instance.managed_by}")
    if stays:
        parts.append("may stay")
    return Evidence(", ".join(parts))


def repair(_finding: Finding, snapshot: Snapshot, service: Service) -> tuple[Step, ...]:
    return restart(CODE, snapshot, service)


CHECK = Check(
    code=CODE,
    title="Instances",
    group=Group.INSTANCES,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES,),
    find=find,
    repair=repair,
    applies=always,
    leads_to=(
        "log-address-in-use",
        "port-shared",
        "mismatched-pidfile",
        "zombie-processes",
        "process-count",
        "high-load",
        "memory-pressure",
        "open-files",
        "over-limit",
    ),
    page=__doc__,
)
