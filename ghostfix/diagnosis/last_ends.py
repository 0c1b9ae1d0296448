"""Last ends of the service: which of them explain its state (pure)."""

from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.own_manager import managed_pids, names_job
from ghostfix.model.finding import Evidence, Severity, Subject, SubjectKind
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.instance import instances

KERNEL = "kernel"


def own_ends(snapshot: Snapshot, service: Service) -> tuple[LastEnd, ...]:
    """The last ends of the jobs that the profile names; of all jobs where it names no manager."""
    ends = snapshot.ends.value
    if service.manager == "none":
        return ends
    namesakes = {(job.id, job.scope) for job in snapshot.jobs if job.namesake}
    return tuple(
        end
        for end in ends
        if end.manager == KERNEL
        or ((end.job, end.scope) not in namesakes and names_job(service, end.manager, end.job, end.scope))
    )


def pressing(end: LastEnd, snapshot: Snapshot, service: Service) -> Severity:
    """An error while it keeps the service down; a warning where an instance runs all the same.

    One that its manager is just starting for the first time since may well be up for good; one that it has
    started more often has been seen to end again.
    """
    comes_again = end.restarting and (end.starts or 0) > 1
    runs = bool(instances(snapshot, service)) and not comes_again
    return Severity.WARNING if runs else Severity.ERROR


def decisive_end(snapshot: Snapshot, service: Service) -> LastEnd | None:
    """The last of the ends, when nothing runs: why the service is down."""
    if instances(snapshot, service) or not snapshot.processes.complete:
        return None
    return max(own_ends(snapshot, service), key=lambda end: end.at or 0.0, default=None)


def failing_end(snapshot: Snapshot, service: Service) -> LastEnd | None:
    """The last end of the profile's own job, when that is not up for good: it failed, or starts for ever."""
    ends = [end for end in own_ends(snapshot, service) if end.manager != KERNEL]
    end = max(ends, key=lambda each: each.at or 0.0, default=None)
    if end is None or end.kind is EndKind.STOPPED:
        return None
    present = managed_pids(snapshot, service)
    lives = any(each.root.pid in present for each in instances(snapshot, service))
    if lives and not (end.restarting and (end.starts or 0) > 1):
        return None
    clean = end.kind is EndKind.EXITED and not end.status and not end.restarting and not end.given_up
    return None if clean else end


def end_subject(end: LastEnd) -> Subject:
    return Subject(SubjectKind.JOB, f"{end.manager} {end.job}")


def end_name(end: LastEnd) -> str:
    """``systemd a.service``, with the user whose manager has it."""
    whose = f" of {end.scope.partition(':')[2]}" if end.scope.startswith("user:") else ""
    return f"{end.manager} {end.job}{whose}"


def in_short(end: LastEnd) -> str:
    """The innermost reason, as a link of a chain: ``the user nosuch does not exist``."""
    return end.words.rpartition(": ")[2].replace("→", "->")


def end_evidence(end: LastEnd) -> tuple[Evidence, ...]:
    """What is known of it, and who says so."""
    seen = [Evidence(f"{end_name(end)}, by {end.reported_by}: {end.words}", end.place)]
    if end.starts:
        state = (
            "has given up" if end.given_up else "starts it again" if end.restarting else "started it again"
        )
        times = "once" if end.starts == 1 else f"{end.starts} times"
        seen.append(Evidence(f"{end.manager} {state}: restarted {times} so far"))
    if end.log is not None:
        seen += [Evidence(f"| {line.text}") for line in end.lines[-3:]]
    return bounded(seen)
