"""Which Python a process was called as, and the prefix that this gives it."""

import os
import posixpath

from ghostfix.model.invocation import is_python, read_argv


def called_python(
    argv: tuple[str, ...], cwd: str | None, path: str | None, executable: str | None, launcher: str | None
) -> str | None:
    """The path by which Python was called, symlinks not resolved; None when it is no Python.

    ``path`` is the process's own PATH, ``executable`` its image: what is left to go by when a program
    rewrote its command line. ``launcher`` is ``__PYVENV_LAUNCHER__``, in which a framework build on macOS
    keeps the path that was called while its ``argv[0]`` names the application bundle.
    """
    invocation = read_argv(argv)
    if invocation is None or not invocation.is_python:
        return executable if executable and is_python(posixpath.basename(executable)) else None
    if launcher:
        return launcher
    program = invocation.program
    if "/" in program:
        if not program.startswith("/") and cwd is None:
            return executable
        return posixpath.normpath(posixpath.join(cwd or "/", program))
    return _on_path(program, cwd, path) or executable


def prefix_of(python: str) -> str | None:
    """``sys.prefix`` of a Python: its venv's folder, else two folders above its resolved path."""
    folder = posixpath.dirname(python)
    for candidate in (folder, posixpath.dirname(folder)):
        if os.path.isfile(posixpath.join(candidate, "pyvenv.cfg")):
            return candidate
    resolved = os.path.realpath(python)
    return posixpath.dirname(posixpath.dirname(resolved)) if os.path.isfile(resolved) else None


def _on_path(program: str, cwd: str | None, path: str | None) -> str | None:
    for folder in (path or "").split(":"):
        if not folder.startswith("/") and cwd is None:
            continue
        candidate = posixpath.normpath(posixpath.join(cwd or "/", folder, program))
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return candidate
    return None
