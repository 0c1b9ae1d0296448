"""The kernel's record of a lock on a file (``struct flock`` of fcntl(2)): what is asked and answered."""

import fcntl
import os
import struct
import sys

from msgspec import Struct

_LINUX = "@hhqqi"
_MACOS = "@qqihh"
_NO_ONE_PROCESS = -1


class Holding(Struct, frozen=True):
    """That a process holds a lock."""

    pid: int | None
    """None where the kernel names no process."""
    here: bool
    """Whether a PID in the file can be one of ours: the lock is not of another PID namespace or machine."""


def whole_file(kind: int) -> bytes:
    """The record for a lock on all of a file."""
    if sys.platform == "darwin":
        return struct.pack(_MACOS, 0, 0, 0, kind, os.SEEK_SET)
    return struct.pack(_LINUX, kind, os.SEEK_SET, 0, 0, 0)


def asked(file: int) -> Holding | None:
    """Which process keeps us from a lock on this file; None when none does. Raises OSError.

    The PID is -1 for an open file description lock, 0 for a process of a PID namespace that we do not see
    into (another container with the same folder), and another negative number for one on another machine.
    """
    record = fcntl.fcntl(file, fcntl.F_GETLK, whole_file(fcntl.F_WRLCK))
    if sys.platform == "darwin":
        _, _, pid, kind, _ = struct.unpack(_MACOS, record)
    else:
        kind, _, _, _, pid = struct.unpack(_LINUX, record)
    if kind == fcntl.F_UNLCK:
        return None
    return Holding(pid if pid > 0 else None, pid > 0 or pid == _NO_ONE_PROCESS)
