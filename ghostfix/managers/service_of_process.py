"""Service of a process: a service as it would be described by one of its processes."""

from typing import TYPE_CHECKING

from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process
from ghostfix.model.process_title import is_worker

if TYPE_CHECKING:
    from ghostfix.model.service import Service


def is_part_of(process: Process, parent: Process) -> bool:
    """Whether a process is its parent's worker, or a copy of it: a fork, a reloader's child."""
    if not process.argv or not parent.argv:
        return False
    if process.argv == parent.argv or is_worker(process.argv):
        return True
    own, other = read_argv(process.argv), read_argv(parent.argv)
    if own is None or other is None or own.is_shell or other.is_shell:
        return False
    if own.script is not None or own.module is not None:
        return (own.script, own.module) == (other.script, other.module)
    return own.code is None and own.name == other.name and other.script is None and other.module is None


def service_like(process: Process) -> "Service | None":
    """A service that this process is an instance of, by what it runs and where; None when that is unknown.

    The process must have its detail. Its module, its script or its whole command distinguishes it from
    others.
    """
    from ghostfix.model.service import Service

    invocation = read_argv(process.argv)
    if invocation is None:
        return None
    cwd = None if process.detail is None else process.detail.cwd
    directory = cwd or "/"
    name, profile = process.name or str(process.pid), f"pid {process.pid}"
    if invocation.is_python and invocation.module is not None:
        return Service(name=name, profile=profile, directory=directory, module=invocation.module)
    if invocation.script is not None and not invocation.is_shell:
        return Service(name=name, profile=profile, directory=directory, script=invocation.script)
    return Service(name=name, profile=profile, directory=directory, command=process.argv)
