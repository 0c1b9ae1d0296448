"""Interpreter: whether a process runs from the venv that its profile names."""

import posixpath

from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process, ProcessDetail
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

_BUNDLE = ".app/Contents/MacOS/"


def foreign_prefix(snapshot: Snapshot, service: Service, process: Process) -> str | None:
    """The prefix or interpreter that this process runs from instead of the profile's venv.

    None when it runs from the venv, and when that is not known. The interpreter's own symlink is never
    followed, since every venv's leads out of it; the venv's *folder* may be reached through one.
    """
    if (
        service.environment.venv is None
        or process.detail is None
        or _only_image_known(process, process.detail)
    ):
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


def _only_image_known(process: Process, detail: ProcessDetail) -> bool:
    """Whether only the image is known, which all venvs of one Python share, not the path that was called.

    So it is where a program wrote a title over its command line, and in a framework build on macOS whose
    environment cannot be read.
    """
    invocation = read_argv(process.argv)
    if invocation is None or not invocation.is_python:
        return True
    return detail.environment is None and _BUNDLE in (detail.interpreter or "")


def _prefix(detail: ProcessDetail) -> str | None:
    if detail.prefix is not None:
        return detail.prefix
    if detail.interpreter is None or not detail.interpreter.startswith("/"):
        return None
    return posixpath.dirname(posixpath.dirname(detail.interpreter))
