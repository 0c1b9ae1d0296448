"""A PID file that is a kernel lock: whoever runs holds it, and with that process it ends.

Which kind of lock, by fcntl(2) and flock(2):

- ``flock`` and open file description locks belong to the open file. They survive ``exec``, and every child
  that inherits the descriptor keeps them: after ``kill -9`` of the service its workers would keep the next
  one out. That is what ``shared`` asks for, and then an open file description lock is taken.
- POSIX record locks belong to the process. They survive ``exec``, no child inherits them, they end with the
  process in the same instant, and the kernel tells who holds one (``F_GETLK``). So this is the usual kind.
  Their one weakness: a process that opens its own PID file and closes it again loses the lock. Whoever finds
  the lock free therefore looks at who is named in the file (``one_instance``).

Both kinds exclude each other. The file's content is the PID. It is put in place whole, under its final name,
and locked before that: nobody ever reads half a PID, an empty file, or that of somebody without the lock.
"""

import errno
import fcntl
import os
import stat
import struct
import sys
from contextlib import suppress

from ghostfix.errors import StepError
from ghostfix.launch import Taken
from ghostfix.system.files import read_open
from ghostfix.system.folders import make_folder, opened
from ghostfix.system.identity import Account, acting_as
from ghostfix.system.rename import exchange
from ghostfix.system.text import reason

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644
_LIMIT = 4096
_HIGH = 230
"""Descriptors from here on are nobody's habit: a shell script's ``exec 3>file`` must not close ours."""
_LINUX_LOCK = "@hhqqi"
_MACOS_LOCK = "@qqihh"
_TAKEN = (errno.EACCES, errno.EAGAIN)


class PidLock:
    """A lock that is held: by this process, and by the program that it becomes."""

    def __init__(self, path: str, descriptor: int, before: bytes, *, shared: bool) -> None:
        self.path = path
        self.before = before
        """What the file said before: the PID of whoever had it last."""
        self._descriptor = descriptor
        self.shared = shared

    def keep_over_exec(self) -> None:
        """Lets the descriptor, and with it the lock, survive ``exec``."""
        os.set_inheritable(self._descriptor, True)

    def release(self) -> None:
        """Removes the file, while nobody else can hold it, and gives the lock back."""
        with suppress(StepError, OSError), opened(self.path) as (folder, name):
            if _is_still(self._descriptor, folder, name):
                os.unlink(name, dir_fd=folder)
        os.close(self._descriptor)


def acquire(
    path: str, *, shared: bool = False, wait: bool = False, account: Account | None = None
) -> PidLock | Taken:
    """The lock on the PID file, which then names this process; or who holds it.

    ``wait`` waits for whoever holds it to end. Root makes the file with the rights of ``account``, unless the
    folder is root's own. The folder is made when it is missing. Raises StepError, ChangedError.
    """
    folder = os.path.dirname(path)
    with acting_as(account if account is not None and not _is_roots(folder) else None):
        make_folder(folder, 0o755)
        with opened(path) as (descriptor, name):
            place = _Place(path, descriptor, name, shared=shared, wait=wait)
            while True:
                found = place.attempt()
                if found is not None:
                    return found


def holder(path: str) -> Taken | None:
    """Who holds the lock; None when nobody does, or that cannot be told. Takes no lock to find out."""
    try:
        file = os.open(path, _LOOK)
    except OSError:
        return None
    try:
        return _holder(file)
    except OSError:
        return None
    finally:
        os.close(file)


class _Place:
    """The folder and the name of one PID file, and one attempt after the other to have it."""

    def __init__(self, path: str, folder: int, name: str, *, shared: bool, wait: bool) -> None:
        self._path = path
        self._folder = folder
        self._name = name
        self._shared = shared
        self._wait = wait

    def attempt(self) -> PidLock | Taken | None:
        """None when the file was made, removed or exchanged by somebody else meanwhile."""
        try:
            file = _high(os.open(self._name, _WRITE, dir_fd=self._folder))
        except FileNotFoundError:
            return self._create()
        except OSError as error:
            return self._refused(error)
        kept = False
        try:
            self._check(file)
            if not self._locked(file, wait=self._wait):
                taken = _holder(file)
                # A file that was exchanged meanwhile may be held by somebody who is about to see that, too.
                return taken if _is_still(file, self._folder, self._name) else None
            if not _is_still(file, self._folder, self._name):
                return None
            before = read_open(file, _LIMIT)
            fresh = self._fresh()
            if fresh is None:
                self._write_over(file)
                kept = True
                return PidLock(self._path, file, before, shared=self._shared)
            descriptor, name = fresh
            if self._put_in_place(name, file):
                return PidLock(self._path, descriptor, before, shared=self._shared)
            os.close(descriptor)
            return None
        finally:
            if not kept:
                os.close(file)

    def _put_in_place(self, fresh: str, file: int) -> bool:
        """Gives the new file its name; not when somebody else's took the place of the one that we hold."""
        try:
            exchanged = exchange(fresh, self._name, self._folder)
        except FileNotFoundError:  # somebody removed it
            os.unlink(fresh, dir_fd=self._folder)
            return False
        if not exchanged:
            os.rename(fresh, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            return True
        ours = _is_still(file, self._folder, fresh)
        if not ours:
            exchange(fresh, self._name, self._folder)
        os.unlink(fresh, dir_fd=self._folder)
        return ours

    def _create(self) -> PidLock | None:
        fresh = self._fresh()
        if fresh is None:
            raise StepError(f"{self._path} cannot be made: no right to write to its folder")
        descriptor, name = fresh
        try:
            os.link(name, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except FileExistsError:
            os.close(descriptor)
            return None
        finally:
            os.unlink(name, dir_fd=self._folder)
        return PidLock(self._path, descriptor, b"", shared=self._shared)

    def _fresh(self) -> tuple[int, str] | None:
        """A hidden file beside it with our PID, locked; None where no file can be made."""
        name = f".{self._name[:200]}.{os.urandom(6).hex()}"
        try:
            file = _high(os.open(name, _NEW, _MODE, dir_fd=self._folder))
        except PermissionError:
            return None
        os.fchmod(file, _MODE)
        os.write(file, _content())
        self._locked(file, wait=False)
        return file, name

    def _write_over(self, file: int) -> None:
        """In a folder that only others may write to; a reader sees nothing for an instant, never half."""
        os.ftruncate(file, 0)
        os.pwrite(file, _content(), 0)

    def _check(self, file: int) -> None:
        seen = os.fstat(file)
        if not stat.S_ISREG(seen.st_mode):
            raise StepError(f"{self._path} is no regular file")
        if seen.st_uid not in (0, os.geteuid()):
            raise StepError(f"{self._path} belongs to another user (uid {seen.st_uid})")

    def _refused(self, error: OSError) -> Taken:
        """Another user's file may still tell who holds it."""
        if error.errno == errno.ELOOP:
            raise StepError(f"{self._path} is a symlink; a PID file is never followed through one") from error
        found = holder(self._path) if error.errno == errno.EACCES else None
        if found is None:
            raise StepError(f"{self._path} cannot be opened: {reason(error)}") from error
        return found

    def _locked(self, file: int, *, wait: bool) -> bool:
        try:
            if self._shared:
                command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
                fcntl.fcntl(file, command, _lock_record(fcntl.F_WRLCK))
            else:
                fcntl.lockf(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True


def can_share() -> bool:
    """Whether the system has locks that children inherit and that exclude the usual ones."""
    return hasattr(fcntl, "F_OFD_SETLK")


def _content() -> bytes:
    return f"{os.getpid()}\n".encode()


def _holder(file: int) -> Taken | None:
    """None when nobody holds it: whoever did has ended, or has put a new file in its place."""
    kind, pid = _read_record(fcntl.fcntl(file, fcntl.F_GETLK, _lock_record(fcntl.F_WRLCK)))
    if kind == fcntl.F_UNLCK:
        return None
    return Taken(pid if pid > 0 else None, read_open(file, _LIMIT))


def _lock_record(kind: int) -> bytes:
    """A ``struct flock`` for the whole file."""
    if sys.platform == "darwin":
        return struct.pack(_MACOS_LOCK, 0, 0, 0, kind, os.SEEK_SET)
    return struct.pack(_LINUX_LOCK, kind, os.SEEK_SET, 0, 0, 0)


def _read_record(record: bytes) -> tuple[int, int]:
    """The kind of lock and the PID of its holder."""
    if sys.platform == "darwin":
        _, _, pid, kind, _ = struct.unpack(_MACOS_LOCK, record)
    else:
        kind, _, _, _, pid = struct.unpack(_LINUX_LOCK, record)
    return kind, pid


def _high(file: int) -> int:
    """The same file under a high number. It comes before the lock: to close any descriptor gives that up."""
    try:
        moved = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        return file  # no such number is allowed here
    os.close(file)
    return moved


def _is_still(file: int, folder: int, name: str) -> bool:
    try:
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(seen, os.fstat(file))


def _is_roots(folder: str) -> bool:
    """Whether only root may write to the folder, so that nobody could have put a trap there."""
    try:
        seen = os.stat(folder)
    except OSError:
        return False
    return seen.st_uid == 0 and not seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
