"""Starting what outlives ghostfix: detached from the terminal, its output in a log."""

import os
import posixpath
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from ghostfix.model.errors import StepError
from ghostfix.model.process import Process
from ghostfix.system.credentials import Account, account_of, acting_as, environment
from ghostfix.system.decoding import openable, runnable
from ghostfix.system.file_writes import open_to_append, write_durably
from ghostfix.system.folders import make_folder, opened
from ghostfix.system.input_file import input_file
from ghostfix.system.processes import ProcessTable

_DETACH = posixpath.join(posixpath.dirname(__file__), "detach.py")
"""A program of its own, which is run and never imported."""
_SECONDS = 30.0
_SETTLED = 0.05


def spawn(
    table: ProcessTable,
    argv: Sequence[str],
    cwd: str,
    variables: Mapping[str, str],
    log: str,
    *,
    user: str | None = None,
    note: bytes = b"",
    mark: str = "",
) -> Process:
    """Starts a command in a session of its own and gives the process that it became.

    The log's folder is made when it is missing, and ``note`` is written to the log first. The variable that
    ``mark`` names gets ``:PID`` at its end. Root starts the
    command as ``user``, and makes and opens the log with that user's rights: a user who can write to the
    folder could have made a symlink of it, to where root alone may write. Raises StepError when the command
    cannot be started or ends at once, ChangedError when the log is a symlink or no regular file.
    """
    if not argv:
        raise StepError("there is no command to start")
    path = posixpath.join(cwd, log)
    account = account_of(user)
    with acting_as(account):
        output = _output(path)
    try:
        os.set_blocking(output, True)
        if note:
            write_durably(output, note)
        pid = _detached(argv, cwd, environment(account) | dict(variables), output, account, mark)
    finally:
        os.close(output)
    process = _settled(table, pid)
    if process is None:
        raise StepError(f"{argv[0]} was started as process {pid} and ended at once; its output is in {path}")
    return process


def _output(path: str) -> int:
    """A descriptor for the output; ``/dev/null`` is the one log that is no regular file."""
    if path == os.devnull:
        return os.open(os.devnull, os.O_WRONLY)
    make_folder(posixpath.dirname(path), 0o755)
    with opened(path) as (folder, name):
        return open_to_append(folder, name, path, 0o644)


def _detached(
    argv: Sequence[str],
    cwd: str,
    variables: Mapping[str, str],
    output: int,
    account: Account | None,
    mark: str,
) -> int:
    import json  # late: only who starts something; it carries names that are no UTF-8

    identity = [] if account is None else [account.uid, account.gid, *account.groups]
    request = json.dumps(
        {
            "argv": list(runnable(argv)),
            "cwd": openable(cwd),
            "environment": dict(variables),
            "identity": identity,
            "mark": mark,
        }
    )
    try:
        with input_file(request.encode()) as file:
            answer = subprocess.run(
                (sys.executable, "-I", "-S", _DETACH, str(output)),
                stdin=file,
                capture_output=True,
                pass_fds=(output,),
                cwd="/",
                timeout=_SECONDS,
                start_new_session=True,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise StepError(f"{argv[0]} cannot be started: {error}") from error
    pid, number, where = answer.stdout.decode().split()
    if where == "cwd":
        raise StepError(f"{argv[0]} cannot be started in {cwd}: {os.strerror(int(number))}")
    if where == "identity":
        raise StepError(f"{argv[0]} cannot be started as another user: {os.strerror(int(number))}")
    if where == "exec":
        raise StepError(f"{argv[0]} cannot be started: {os.strerror(int(number))}")
    return int(pid)


def _settled(table: ProcessTable, pid: int) -> Process | None:
    """The process once two readings agree: ``#!/usr/bin/env`` and launchers execute once more."""
    before = table.one(pid)
    deadline = time.monotonic() + 1.0
    while before is not None and before.alive and time.monotonic() < deadline:
        time.sleep(_SETTLED)
        after = table.one(pid)
        if after is not None and after.argv and after.argv == before.argv:
            return after if after.alive and after.id == before.id else None
        before = after
    return before if before is not None and before.alive else None
