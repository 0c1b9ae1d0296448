"""Resemblance: a service as it would be described by one of its processes."""

import posixpath

from ghostfix.invocation import read_argv
from ghostfix.process import Process
from ghostfix.service import Service


def service_like(process: Process) -> Service | None:
    """A service that this process is an instance of, by what it runs and where; None when that is unknown.

    The process must have its detail. Its module, its script or its whole command tells it from others.
    """
    invocation = read_argv(process.argv)
    if invocation is None:
        return None
    cwd = None if process.detail is None else process.detail.cwd
    directory = cwd or "/"
    name, profile = process.name or str(process.pid), f"pid {process.pid}"
    if invocation.is_python and invocation.module is not None:
        return Service(name=name, profile=profile, directory=directory, module=invocation.module)
    if invocation.script is not None and not invocation.is_shell:
        script = posixpath.normpath(posixpath.join(directory, invocation.script))
        return Service(name=name, profile=profile, directory=directory, script=script)
    return Service(name=name, profile=profile, directory=directory, command=process.argv)
