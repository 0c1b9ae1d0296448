"""How many tasks the control groups of Linux let there be (the ``pids`` controller of cgroups(7))."""

import posixpath
from collections.abc import Iterator

from ghostfix.model.process import GroupTasks

_ROOTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/pids")
"""Version 2, and version 1's own hierarchy of the controller."""
_DEPTH = 64


def group_tasks(path: str, roots: tuple[str, ...] = _ROOTS) -> GroupTasks | None:
    """The narrowest limit of a group and of those above it; None when none sets one, or it cannot be read."""
    for root in roots:
        found = [tasks for group in _upwards(path) if (tasks := _tasks(root + group)) is not None]
        if found:
            return max(found, key=lambda tasks: tasks.count / max(1, tasks.limit))
    return None


def _upwards(path: str) -> Iterator[str]:
    """The group and those above it. ``..`` leads out of what this namespace shows: nothing is read there."""
    group = path.rstrip("/")
    for _ in range(_DEPTH):
        if "/../" not in f"{group}/":
            yield group
        if not group.strip("/"):
            return
        group = posixpath.dirname(group).rstrip("/")


def _tasks(folder: str) -> GroupTasks | None:
    limit = _number(f"{folder}/pids.max")
    count = None if limit is None else _number(f"{folder}/pids.current")
    return None if limit is None or count is None else GroupTasks(count, limit)


def _number(path: str) -> int | None:
    """The number in a file; None for ``max``."""
    try:
        with open(path, "rb") as file:
            text = file.read(64).strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
