"""Futile start: why to start the service through its manager would change nothing (pure)."""

from ghostfix.diagnosis.last_ends import decisive_end, own_ends
from ghostfix.diagnosis.log_faults import ending
from ghostfix.diagnosis.own_manager import managed_pids
from ghostfix.diagnosis.port_holders import holders, untouchable
from ghostfix.diagnosis.socket_activation import socket_keeper
from ghostfix.model.last_end import EndKind
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Reason, Snapshot, VenvState
from ghostfix.service.instance import instances

_BEFORE_ITS_CODE = (EndKind.NOT_STARTED, EndKind.NOT_LOADABLE, EndKind.REFUSED)
_STANDING = (Reason.MISSING_MODULE, Reason.PERMISSION_DENIED)
"""What a program met at its start, and will meet again at its next one."""


def futile_start(snapshot: Snapshot, service: Service) -> str | None:
    """Why to start the service through its manager would change nothing, in words; None where it may help.

    What was missing at its last start is missing now, what must not be stopped has its port, or the manager
    starts it again by itself. Where the venv is to be made anew, the plan itself mends what is missing in it.
    """
    kept = _keeper(snapshot, service) or _brings_its_socket(snapshot, service)
    if kept is not None:
        return kept
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


def _brings_its_socket(snapshot: Snapshot, service: Service) -> str | None:
    """Why it could not bind again: its socket unit, which starts with it, has the port."""
    keeper, last = socket_keeper(snapshot), ending(snapshot, service)
    if keeper is None or last is None or last.error.reason is not Reason.ADDRESS_IN_USE:
        return None
    return f"{keeper.id} would take the port again, which the service binds itself"


def _keeper(snapshot: Snapshot, service: Service) -> str | None:
    """Who has a port of the service for good, where no step may end that."""
    for held in holders(snapshot, service):
        if not held.instances and any(untouchable(each, held.port) is not None for each in held.strangers):
            who = socket_keeper(snapshot)
            name = f"{held.strangers[0].name} (pid {held.strangers[0].pid})" if who is None else who.id
            return f"{name} keeps port {held.port}, which the service cannot bind as long as that is so"
    return None
