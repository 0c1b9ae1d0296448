"""Kernel locks on files: they end with the process that holds them, whatever ends it."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.system.decoding import decoded, reason
from ghostfix.system.files import read_open
from ghostfix.system.folders import opened

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAX_NOTE = 4096


@contextmanager
def held(path: str, note: bytes) -> Iterator[None]:
    """Holds an exclusive lock; the file contains ``note`` meanwhile, and is empty afterwards."""
    file = _acquire(path)
    try:
        with suppress(OSError):  # a full disk: then the next one does not learn who holds it
            os.ftruncate(file, 0)
            os.pwrite(file, note, 0)
        yield
        with suppress(OSError):
            os.ftruncate(file, 0)
    finally:
        os.close(file)


def holder_of(seen: os.stat_result) -> int | None:
    """Who holds a lock on this file, by ``/proc/locks``; None where that does not say."""
    if sys.platform != "linux":
        return None
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as table:
            rows = [line.split() for line in table]
    except OSError:
        return None
    for row in rows:
        # 1: FLOCK ADVISORY WRITE 4711 08:01:131 0 EOF; the device is the file system's own idea of it.
        if len(row) >= 6 and row[1] == "FLOCK" and row[5].rpartition(":")[2] == str(seen.st_ino):
            return int(row[4]) if row[4].isdecimal() and row[4] != "0" else None
    return None


def _acquire(path: str) -> int:
    """A descriptor with the lock; raises ChangedError with the holder's note when it is taken."""
    with opened(path) as (folder, name):
        while True:
            try:
                file = os.open(name, _OPEN, 0o600, dir_fd=folder)
            except OSError as error:
                raise StepError(f"{path} cannot be locked: {reason(error)}") from error
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_still(file, folder, name):
                    return file
            except BlockingIOError as error:
                holder = decoded(read_open(file, _MAX_NOTE)).strip()
                os.close(file)
                raise ChangedError(holder or f"somebody else holds {path}") from error
            except BaseException:
                os.close(file)
                raise
            os.close(file)  # it was removed and made anew meanwhile; ours is not the one that others see


def _is_still(file: int, folder: int, name: str) -> bool:
    try:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(seen, os.fstat(file))
