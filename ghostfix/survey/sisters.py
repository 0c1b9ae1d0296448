"""Sisters: processes of the same program that are another service: another job's, on another port.

Two pm2 applications of one script, two units of one program: their command lines are equal, what tells them
apart is the port that the environment gives them. So both have to be seen: the port of the profile is served
by the job that the profile names, and the other job's process listens somewhere else.
"""

from collections.abc import Sequence

from msgspec import structs

from ghostfix.model.machine import System
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Listener, Process, ProcessDetail
from ghostfix.model.service import Service


def with_sisters(
    system: System, service: Service, processes: Sequence[Process], listeners: Sequence[Listener]
) -> tuple[Process, ...]:
    """The same processes; the details of a sister say that it is one."""
    kind, _, name = service.manager.partition(":")
    signs = next((each for each in system.managers if each.kind == kind and each.job_sign), None)
    if signs is None or not service.ports:
        return tuple(processes)
    names = (name, f"{name}.service")
    jobs = {process.pid: job for process in processes if (job := _job(signs, process.detail)) is not None}
    served = any(jobs.get(each.pid) in names and each.detail and each.detail.ports for each in processes)
    if not served:
        return tuple(processes)
    heard = {pid for each in listeners for pid in each.owners}
    elsewhere = {pid for each in listeners if each.port not in service.ports for pid in each.owners}
    # The workers of a cluster have no socket of their own: their primary, which is pm2's daemon, has it.
    elsewhere |= {
        process.pid for process in processes if process.pid not in heard and process.ppid in elsewhere
    }
    return tuple(
        structs.replace(process, detail=structs.replace(process.detail, sister=True))
        if process.detail is not None
        and not process.detail.ports
        and process.pid in elsewhere
        and jobs.get(process.pid, name) not in names
        else process
        for process in processes
    )


def _job(signs: ManagerSigns, detail: ProcessDetail | None) -> str | None:
    """The job that started it, by what its manager gave to it."""
    if detail is None:
        return None
    if signs.job_sign != "control group":
        return detail.variable(signs.job_sign)
    parts = (detail.control_group or "").split("/")
    return next((part for part in reversed(parts) if part.endswith(".service")), None)
