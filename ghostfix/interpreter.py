"""Interpreter: whether a process runs from the venv that its profile names."""

import posixpath

from ghostfix.process import Process, ProcessDetail
from ghostfix.service import Service
from ghostfix.snapshot import Snapshot


def foreign_prefix(snapshot: Snapshot, service: Service, process: Process) -> str | None:
    """The prefix or interpreter that this process runs from instead of the profile's venv.

    None when it runs from the venv, and when it cannot be told. The interpreter's own symlink is never
    followed, since every venv's leads out of it; the venv's *folder* may be reached through one.
    """
    if service.environment.venv is None or process.detail is None:
        return None
    used = _prefix(process.detail)
    if used is None:
        return None
    expected = service.path(service.environment.venv)
    venv = snapshot.environment.value.venv
    accepted = {expected}
    if venv is not None:
        accepted |= {posixpath.normpath(path) for path in (venv.path, venv.resolved) if path is not None}
    names = {used, process.detail.resolved_prefix or used}
    if accepted & {posixpath.normpath(name) for name in names}:
        return None
    return process.detail.prefix or process.detail.interpreter


def _prefix(detail: ProcessDetail) -> str | None:
    if detail.prefix is not None:
        return detail.prefix
    if detail.interpreter is None or not detail.interpreter.startswith("/"):
        return None
    return posixpath.dirname(posixpath.dirname(detail.interpreter))
