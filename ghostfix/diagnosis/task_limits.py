"""The kernel's limits of processes: for the user of the service, for its control group, for the machine.

Linux counts tasks: a process with four threads counts four times (setrlimit(2), ``pids.max`` of cgroups(7)).
"""

from msgspec import Struct

from ghostfix.model.process import GroupTasks, Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Resources, Snapshot
from ghostfix.service.instance import instances

_NEAR = 0.9
"""The share of a limit from which on starts are about to fail."""


class UserTasks(Struct, frozen=True, kw_only=True):
    """What one user runs. ``limit`` is None when the kernel sets none, as for root, or it is unknown."""

    user: str
    processes: int
    tasks: int
    limit: int | None


class Full(Struct, frozen=True):
    """A limit that is nearly reached. ``who`` completes "95 tasks ..."."""

    who: str
    tasks: int
    limit: int


def of_the_user(snapshot: Snapshot, service: Service) -> UserTasks | None:
    """Of the user as whom the service runs; of the caller, when it does not run."""
    resources, host = snapshot.resources.value, snapshot.host
    top = _top(snapshot, service)
    if top is None or top.uid == host.uid:
        return None if resources is None else _of_the_caller(snapshot, resources, top)
    theirs = [process for process in snapshot.processes.value if process.uid == top.uid]
    return UserTasks(
        user=top.user,
        processes=len(theirs),
        tasks=sum(process.threads for process in theirs),
        limit=None if top.detail is None else top.detail.task_limit,
    )


def of_the_group(snapshot: Snapshot, service: Service) -> GroupTasks | None:
    """Of the control group of the service's first instance."""
    top = _top(snapshot, service)
    return None if top is None or top.detail is None else top.detail.group_tasks


def of_the_machine(snapshot: Snapshot) -> int:
    """All tasks: processes and their threads."""
    return sum(process.threads for process in snapshot.processes.value)


def nearly_full(snapshot: Snapshot, service: Service) -> tuple[Full, ...]:
    """Every limit of which nine tenths are in use."""
    limits = []
    user, group = of_the_user(snapshot, service), of_the_group(snapshot, service)
    resources = snapshot.resources.value
    if user is not None and user.limit is not None:
        limits.append(Full(f"of user {user.user}", user.tasks, user.limit))
    if group is not None:
        limits.append(Full("in its control group", group.count, group.limit))
    if resources is not None and resources.task_limit is not None:
        limits.append(Full("on the machine", of_the_machine(snapshot), resources.task_limit))
    return tuple(full for full in limits if full.tasks >= full.limit * _NEAR)


def _of_the_caller(snapshot: Snapshot, resources: Resources, top: Process | None) -> UserTasks:
    count, limit = resources.user_process_count, resources.user_process_limit
    if top is not None and top.detail is not None and top.detail.task_limit is not None:
        limit = top.detail.task_limit
    tasks = sum(process.threads for process in snapshot.processes.value if process.uid == snapshot.host.uid)
    user = snapshot.host.user or "who looks"
    return UserTasks(user=user, processes=count, tasks=max(count, tasks), limit=limit)


def _top(snapshot: Snapshot, service: Service) -> Process | None:
    running = instances(snapshot, service)
    return running[0].root if running else None
