"""Started by: what started a process that was just seen to appear, in a few words."""

from ghostfix.managers.keep_alive import Lineage, kept_alive
from ghostfix.managers.process_role import role_of
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service

_ENDED_STARTER = "somebody who had ended by then"


def starter_of(system: System, service: Service, process: Process, ancestors: tuple[Process, ...]) -> str:
    """``the loop watchdog.sh (pid 12)``, ``systemd unit web.service``; else whose child it is.

    ``process`` has its detail, and ``ancestors`` are those of the moment at which it was seen: by now both
    may have ended.
    """
    line = Lineage(process=process, ancestors=ancestors)
    kept = kept_alive(system, line, lambda: ProcessTree(system.processes().value), service=service)
    names = [restarter.named for restarter in kept.restarters if restarter.started]
    parent = ancestors[0] if ancestors else None
    if names:
        below = parent is not None and parent.pid > 1
        return safe(", ".join(dict.fromkeys(names))) + (f" (pid {parent.pid})" if parent and below else "")
    if parent is None or line.is_left_alone:
        return _ENDED_STARTER
    words = role_of(parent).words
    return f"{safe(parent.name)} (pid {parent.pid})" + ("" if words == "a program" else f", {safe(words)}")


def origin_of(process: Process, ancestors: tuple[Process, ...]) -> tuple[object, ...] | None:
    """What two processes with one starter have in common; None when that is not known without asking."""
    parent = ancestors[0] if ancestors else None
    detail = process.detail
    group = None if detail is None else detail.control_group
    if parent is None or (parent.pid == 1 and not (group or "").endswith(".service")):
        return None
    return parent.id, group
