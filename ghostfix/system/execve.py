"""Becoming another program: this very process goes on as it, and nothing of ghostfix is left in between."""

import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from ghostfix.model.errors import StepError
from ghostfix.system.credentials import Account
from ghostfix.system.decoding import openable, reason, runnable

_CHANGED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")
"""Signals that Python ignores for itself, and that a program would go on ignoring after ``exec``."""


def become(argv: Sequence[str], cwd: str, variables: Mapping[str, str], account: Account | None) -> NoReturn:
    """Executes the command in ``cwd``, as ``account`` when root is to; returns only by raising StepError.

    Descriptors, signal mask and ignored signals go over as ghostfix got them.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a full disk, or a reader that has gone
            stream.flush()
    try:
        if account is not None:
            os.setgroups(account.groups)
            os.setgid(account.gid)
            os.setuid(account.uid)
        where = cwd
        os.chdir(openable(cwd))
        where = argv[0]
        for name in _CHANGED_BY_PYTHON:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execvpe(runnable(argv)[0], list(runnable(argv)), dict(variables))  # noqa: S606 (no shell is the point)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise StepError(f"{where}: {why}") from error


def program_in(name: str, cwd: str, path: str) -> str | None:
    """Where a command is found from ``cwd`` with this PATH; None when it is not there or is no program."""
    if "/" in name:
        return shutil.which(openable(os.path.join(cwd, name)))
    return shutil.which(name, path=path)
