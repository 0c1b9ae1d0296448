"""Last ends of the service: which of them explain its state, and whether a restart can help (pure)."""

from ghostfix.diagnosis.evidence_text import bounded
from ghostfix.diagnosis.log_faults import ending
from ghostfix.diagnosis.own_manager import managed_pids, names_job
from ghostfix.model.finding import Evidence, Severity, Subject, SubjectKind
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Reason, Snapshot, VenvState
from ghostfix.service.instance import instances

_BEFORE_ITS_CODE = (EndKind.NOT_STARTED, EndKind.NOT_LOADABLE, EndKind.REFUSED)
_STANDING = (Reason.MISSING_MODULE, Reason.PERMISSION_DENIED)
"""What a program met at its start, and will meet again at its next one."""
KERNEL = "kernel"


def own_ends(snapshot: Snapshot, service: Service) -> tuple[LastEnd, ...]:
    """The last ends of the jobs that the profile names; of all jobs where it names no manager."""
    ends = snapshot.ends.value
    if service.manager == "none":
        return ends
    return tuple(end for end in ends if end.manager == KERNEL or names_job(service, end.manager, end.job))


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


def futile_start(snapshot: Snapshot, service: Service) -> str | None:
    """Why to start the service through its manager would change nothing, in words; None where it may help.

    What was missing at its last start is missing now, or the manager starts it again by itself. Where the
    venv is to be made anew, the plan itself mends what is missing in it.
    """
    venv = snapshot.environment.value.venv
    if service.manager == "none" or (
        venv is not None and (venv.state is not VenvState.WORKS or venv.missing)
    ):
        return None
    if any(end.restarting for end in own_ends(snapshot, service)) and _only_managed(snapshot, service):
        return "its manager starts it again by itself"
    end, last = decisive_end(snapshot, service), ending(snapshot, service)
    unable = end is not None and end.kind in _BEFORE_ITS_CODE and end.culprit is not None
    if unable or (last is not None and last.error.reason in _STANDING):
        return "it would end in the same way as long as that is so"
    return None


def _only_managed(snapshot: Snapshot, service: Service) -> bool:
    """Whether nothing of the service runs beside what its manager started."""
    roots = {instance.root.pid for instance in instances(snapshot, service)}
    return roots <= managed_pids(snapshot, service)


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
