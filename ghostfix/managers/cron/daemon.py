"""The cron daemon among the processes, and the children with which it runs its jobs."""

import posixpath

from ghostfix.model.process import Process

_NAMES = frozenset({"cron", "crond"})


def is_cron(process: Process) -> bool:
    """The daemon, or its child that waits for a job."""
    return process.name.lower() in _NAMES


def runs_a_job(process: Process) -> bool:
    """A child of the daemon's, which waits for its job, and outlives the daemon when that is ended.

    It keeps the daemon's name and capitalises what it was called by: ``cron -f`` becomes ``CRON -f`` (seen on
    Debian), ``/usr/sbin/crond -n`` becomes ``/usr/sbin/CROND -n`` (cronie's cron.c).
    """
    return is_cron(process) and bool(process.argv) and _called(process).isupper()


def is_cron_daemon(process: Process) -> bool:
    """The daemon itself, alive: a zombie of it, or what waits for a last job, starts nothing any more."""
    return process.alive and is_cron(process) and not runs_a_job(process)


def _called(process: Process) -> str:
    return posixpath.basename(process.argv[0])
