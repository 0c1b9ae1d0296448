"""A PID file that is a kernel lock: the process that runs holds it, and with that process it ends.

Which kind of lock, by fcntl(2) and flock(2):

- ``flock`` and open file description locks belong to the open file. They survive ``exec``, and every child
  that inherits the descriptor keeps them: after ``kill -9`` of the service its workers would keep the next
  one out. That is what ``shared`` asks for, and then an open file description lock is taken.
- POSIX record locks belong to the process. They survive ``exec``, no child inherits them, they end with the
  process in the same instant, and the kernel says which one holds it (``F_GETLK``). So this is the usual
  kind. Their one weakness: a process that opens its own PID file and closes it again loses the lock. A start
  that finds the lock free therefore reads which process the file names (``instance_lock``).

Both kinds exclude each other. The file's content is the PID (``own_content``). It is put in place whole,
under its final name, and locked before that: no reader ever finds half a PID, an empty file, or the PID of
a process without the lock.
"""

import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ghostfix.model.errors import StepError
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Birth
from ghostfix.model.run_lock import Former, Taken, own_content
from ghostfix.system.atomic_rename import exchange
from ghostfix.system.credentials import Account, acting_as
from ghostfix.system.decoding import reason
from ghostfix.system.files import read_open
from ghostfix.system.flock_struct import asked, whole_file
from ghostfix.system.folders import is_roots_way, make_folder, opened
from ghostfix.system.linux_processes import LinuxProcesses

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE = 0o644
_LIMIT = 4096
_HIGH = 230
"""Programs do not choose descriptors from here on: a shell script's ``exec 3>file`` must not close ours."""
_PID_FILE = Pattern(rb"[\s\0]*(?:\d{1,10})?[\s\0]*\Z")
"""A number and nothing else; a crash of the machine may leave an empty file, or zeros.

What says more than a PID is a program's own (postmaster.pid, JSON with a port): it is not ours to overwrite.
"""
_BIRTH = "user.ghostfix.birth"
"""The attribute of the file (xattr(7)) with the writer's start: ticks and boot."""
_TAKEN = (errno.EACCES, errno.EAGAIN)


class PidLock:
    """A lock that is held: by this process, and by the program that it becomes."""

    def __init__(self, place: "_LockFile", descriptor: int, before: Former) -> None:
        self.path = place.path
        self.before = before
        """What the file was before: it has the PID of the process that had it last."""
        self.shared = place.shared
        self._account = place.account
        self._descriptor = descriptor

    def keep_over_exec(self) -> None:
        """Lets the descriptor, and with it the lock, survive ``exec``."""
        os.set_inheritable(self._descriptor, True)

    def release(self) -> None:
        """Gives the lock back, and removes the file, unless children that share the lock hold it still."""
        seen = os.fstat(self._descriptor)
        if self.shared:
            os.close(self._descriptor)  # a lock that is tried while we hold it says nothing about them
        with suppress(StepError, OSError), self._place() as place:
            place.remove(seen)
        if not self.shared:
            os.close(self._descriptor)

    def give_back(self) -> None:
        """Gives the lock back, and lets the file say again what it said: its writer lost the lock.

        Without that, the next start would not know of the writer.
        """
        if not self.before.content:
            self.release()
            return
        with suppress(StepError, OSError), self._place() as place:
            place.restore(self._descriptor, self.before)
        os.close(self._descriptor)

    @contextmanager
    def _place(self) -> "Iterator[_LockFile]":
        """The file's place, with the rights with which it was made."""
        account = self._account if os.geteuid() == 0 else None
        with acting_as(account), opened(self.path) as (folder, name):
            yield _LockFile(self.path, folder, name, shared=self.shared, wait=False, account=self._account)


def acquire(
    path: str, *, shared: bool = False, wait: bool = False, account: Account | None = None
) -> PidLock | Taken:
    """The lock on the PID file, which then names this process; or who holds it.

    ``wait`` waits for its holder to end. Root makes the file with the rights of ``account``, unless the
    way to it is root's own. The folder is made when it is missing. Raises StepError, ChangedError.
    """
    folder = os.path.dirname(path)
    owner = None if is_roots_way(folder) else account
    with acting_as(owner):
        make_folder(folder, 0o755)
        with opened(path) as (descriptor, name):
            place = _LockFile(path, descriptor, name, shared=shared, wait=wait, account=owner)
            while True:
                found = place.attempt()
                if found is not None:
                    return found


def holder(path: str) -> Taken | None:
    """Which process holds the lock; None when none does, or that cannot be seen. Takes no lock for it."""
    try:
        file = os.open(path, _READ)
    except OSError:
        return None
    try:
        return _holder(file)
    except OSError:
        return None
    finally:
        os.close(file)


class _LockFile:
    """The folder and the name of one PID file, and one attempt after the other to have it."""

    def __init__(
        self, path: str, folder: int, name: str, *, shared: bool, wait: bool, account: Account | None
    ) -> None:
        self.path = path
        self.shared = shared
        self.account = account
        self._folder = folder
        self._name = name
        self._wait = wait

    def attempt(self) -> PidLock | Taken | None:
        """None when the file was made, removed or exchanged by another process meanwhile."""
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
                # A file that was exchanged meanwhile may be held by a process that is about to see that, too.
                return taken if _is_still(file, self._folder, self._name) else None
            if not _is_still(file, self._folder, self._name):
                return None
            before = self._former(file)
            fresh = self._fresh()
            if fresh is None:
                self._write_over(file, _content())
                _sign(file, _own_birth())
                kept = True
                return PidLock(self, file, before)
            descriptor, name = fresh
            if self._put_in_place(name, file):
                return PidLock(self, descriptor, before)
            os.close(descriptor)
            return None
        finally:
            if not kept:
                os.close(file)

    def remove(self, seen: os.stat_result) -> None:
        """Removes the file if it is the one that was seen and no other process holds it."""
        file = _high(os.open(self._name, _WRITE, dir_fd=self._folder)) if self.shared else -1
        try:
            if file >= 0 and not self._locked(file, wait=False):
                return
            if os.path.samestat(seen, os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)):
                os.unlink(self._name, dir_fd=self._folder)
        finally:
            if file >= 0:
                os.close(file)

    def restore(self, file: int, former: Former) -> None:
        """Puts a file that says what it did before, and which no process holds, in the place of ours."""
        if not _is_still(file, self._folder, self._name):
            return
        fresh = self._new(former.content, former.birth, locked=False)
        if fresh is None:
            self._write_over(file, former.content)
            _sign(file, former.birth)
            return
        os.close(fresh[0])
        self._put_in_place(fresh[1], file)

    def _put_in_place(self, fresh: str, file: int) -> bool:
        """Gives the new file its name; not when another one took the place of the one that we hold."""
        try:
            if not exchange(fresh, self._name, self._folder):
                os.rename(fresh, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
                return True
            ours = _is_still(file, self._folder, fresh)
            if not ours:
                exchange(fresh, self._name, self._folder)
        except FileNotFoundError:  # another process removed it
            ours = False
        finally:
            with suppress(FileNotFoundError):
                os.unlink(fresh, dir_fd=self._folder)
        return ours

    def _create(self) -> PidLock | None:
        fresh = self._fresh()
        if fresh is None:
            raise StepError(f"{self.path} cannot be made: no right to write to its folder")
        descriptor, name = fresh
        try:
            os.link(name, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except FileExistsError:
            os.close(descriptor)
            return None
        finally:
            os.unlink(name, dir_fd=self._folder)
        return PidLock(self, descriptor, Former())

    def _fresh(self) -> tuple[int, str] | None:
        """A hidden file beside it with our PID, locked; None where no file can be made."""
        return self._new(_content(), _own_birth(), locked=True)

    def _new(self, content: bytes, birth: Birth | None, *, locked: bool) -> tuple[int, str] | None:
        name = f".{self._name[:40]}.{os.urandom(6).hex()}"
        try:
            file = _high(os.open(name, _NEW, _MODE, dir_fd=self._folder))
        except PermissionError:
            return None
        try:
            os.fchmod(file, _MODE)
            os.write(file, content)
            _sign(file, birth)
            if locked:
                self._locked(file, wait=False)
        except BaseException:  # a full disk, or one that knows no locks
            os.unlink(name, dir_fd=self._folder)
            os.close(file)
            raise
        return file, name

    def _write_over(self, file: int, content: bytes) -> None:
        """In a folder that only others may write to; a reader sees nothing for an instant, never half."""
        if os.fstat(file).st_nlink != 1:
            raise StepError(f"{self.path} has another name, too (a hard link), so it is not written over")
        os.ftruncate(file, 0)
        os.pwrite(file, content, 0)

    def _former(self, file: int) -> Former:
        """What the file says; raises StepError when it is no PID file, but something to be lost."""
        content = read_open(file, _LIMIT + 1)
        if len(content) > _LIMIT or not _PID_FILE.match(content):
            raise StepError(f"{self.path} holds something else than a PID, and is not overwritten")
        return Former(content=content, written=os.fstat(file).st_mtime, birth=_signature(file))

    def _check(self, file: int) -> None:
        seen = os.fstat(file)
        if not stat.S_ISREG(seen.st_mode):
            raise StepError(f"{self.path} is no regular file")
        if seen.st_uid not in (0, os.geteuid()):
            raise StepError(f"{self.path} belongs to another user (uid {seen.st_uid})")

    def _refused(self, error: OSError) -> Taken:
        """Another user's file may still show which process holds it."""
        if error.errno == errno.ELOOP:
            raise StepError(f"{self.path} is a symlink; a PID file is never followed through one") from error
        found = holder(self.path) if error.errno == errno.EACCES else None
        if found is None:
            raise StepError(f"{self.path} cannot be opened: {reason(error)}") from error
        return found

    def _locked(self, file: int, *, wait: bool) -> bool:
        try:
            if self.shared:
                command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
                fcntl.fcntl(file, command, whole_file(fcntl.F_WRLCK))
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
    return own_content(os.getpid())


def _own_birth() -> Birth | None:
    own = LinuxProcesses().one(os.getpid()) if sys.platform == "linux" else None
    return None if own is None else own.birth


def _sign(file: int, birth: Birth | None) -> None:
    """Keeps the writer's start with the file, where the file system can."""
    if sys.platform == "linux" and birth is not None:
        with suppress(OSError):
            os.setxattr(file, _BIRTH, f"{birth.ticks} {birth.boot}".encode())


def _signature(file: int) -> Birth | None:
    if sys.platform != "linux":
        return None
    try:
        ticks, boot = os.getxattr(file, _BIRTH).decode("ascii").split()
        return Birth(int(ticks), boot)
    except (OSError, ValueError):
        return None


def _holder(file: int) -> Taken | None:
    """None when no process holds it: the holder has ended, or has put a new file in its place."""
    held = asked(file)
    return None if held is None else Taken(held.pid, read_open(file, _LIMIT) if held.here else b"")


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
