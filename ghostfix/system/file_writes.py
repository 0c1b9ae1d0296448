"""Acts on files: never through a symlink, never on what is not the expected file.

Every act opens the folder first (``folders.opened``, which takes the rights of the folder's owner) and works
on the name in it. It compares the file with what was expected
before it acts and, where the system can exchange or move names in one instant, checks what it has got
afterwards: a file that was swapped in at the last moment is put back untouched.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.system.atomic_rename import exchange, rename_to_free
from ghostfix.system.credentials import acting_as_root
from ghostfix.system.decoding import known_in, raw, reason
from ghostfix.system.files import file_status, read_open
from ghostfix.system.folders import opened

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SAVE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_UNNAMED = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)
_MAX_ASIDE = 1000
_SET_ID = stat.S_ISUID | stat.S_ISGID


def move_aside(path: str, expected: FileStatus, content: bytes | None = None) -> str:
    """Renames a file or folder to ``NAME.ghostfix-1`` (or the next free number); gives the new path."""
    with opened(path) as (folder, name):
        _compare(folder, name, path, expected, content)
        for number in range(1, _MAX_ASIDE):
            aside = f"{name}.ghostfix-{number}"
            try:
                rename_to_free(name, aside, folder)
            except FileExistsError:
                continue
            except FileNotFoundError as error:
                raise ChangedError(f"{path} is not there any more") from error
            _keep_or_give_back(folder, aside, name, path, expected, content)
            os.fsync(folder)
            return f"{path}.ghostfix-{number}"
    raise StepError(f"{path} cannot be moved aside: every name up to {name}.ghostfix-{_MAX_ASIDE} is taken")


def move_back(aside: str, path: str) -> None:
    """Renames ``aside`` to ``path`` (in the same folder), which must be free."""
    with opened(path) as (folder, name):
        shown = os.path.basename(aside)
        taken = known_in(folder, shown)
        if taken != shown:  # a byte of its name is no UTF-8, and is one again
            name = raw(name)
        try:
            rename_to_free(taken, name, folder)
        except FileExistsError as error:
            raise ChangedError(f"{path} exists again; {aside} is left where it is") from error
        except FileNotFoundError as error:
            raise ChangedError(f"{aside} is not there any more") from error
        os.fsync(folder)


def replace(path: str, content: bytes, expected: FileStatus, before: bytes) -> None:
    """Puts new content in place in one instant; mode and owner are kept."""
    if expected.kind is not FileKind.REGULAR:
        raise ChangedError(f"{path} is not a regular file")
    with opened(path) as (folder, name):
        _compare(folder, name, path, expected, before)
        fresh = _write_new(folder, name, content, expected.mode, (expected.uid, expected.gid))
        try:
            _compare(folder, name, path, expected, before)
            _put_in_place(folder, fresh, name, path, expected, before)
        finally:
            _discard(folder, fresh)
        os.fsync(folder)


def create(path: str, content: bytes, mode: int = 0o644) -> None:
    """Creates a file with all its content, or not at all; raises ChangedError when the name is taken."""
    with opened(path) as (folder, name):
        try:
            if not _link_unnamed(folder, name, content, mode, None):
                _rename_new(folder, name, content, mode)
        except FileExistsError as error:
            raise ChangedError(f"{path} exists already") from error
        os.fsync(folder)


def remove(path: str, expected: FileStatus, content: bytes) -> None:
    """Removes a file if it is still the one that was made."""
    with opened(path) as (folder, name):
        _compare(folder, name, path, expected, content)
        doomed = _hidden(name)
        try:
            rename_to_free(name, doomed, folder)
        except FileNotFoundError as error:
            raise ChangedError(f"{path} is not there any more") from error
        _keep_or_give_back(folder, doomed, name, path, expected, content)
        os.unlink(doomed, dir_fd=folder)
        os.fsync(folder)


def remove_empty_folder(path: str) -> None:
    """Removes a folder that has nothing in it; leaves any other, and what is no folder, as it is."""
    with suppress(StepError), opened(path) as (folder, name):
        os.rmdir(name, dir_fd=folder)


def save(path: str, content: bytes) -> None:
    """Writes what the user asked for where the user said: a symlink or a device is the user's wish.

    A symlink of another user is not: that would be the other user's wish, with our rights.
    """
    try:
        with opened(path) as (folder, name):
            file = os.open(name, _SAVE | _unless_wished(folder, name), 0o666, dir_fd=folder)
            try:
                _write(file, content)
            finally:
                os.close(file)
    except StepError as error:
        raise StepError(f"{path} cannot be written: {str(error).removeprefix(f'{path}: ')}") from error


def _unless_wished(folder: int, name: str) -> int:
    """``O_NOFOLLOW``, or nothing for a symlink that is root's or of whose rights we have."""
    seen = _seen(folder, name)
    if seen is None or not stat.S_ISLNK(seen.st_mode):
        return os.O_NOFOLLOW
    if seen.st_uid not in (0, os.geteuid()):
        raise StepError(f"it is a symlink of another user (uid {seen.st_uid}), and is not followed")
    return 0


def append(path: str, content: bytes, mode: int = 0o600) -> None:
    """Appends and waits until it is on the disk; ``mode`` is for a file that is created by it."""
    with opened(path) as (folder, name):
        file = open_to_append(folder, name, path, mode)
        try:
            is_new = os.fstat(file).st_size == 0
            _write(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            os.fsync(folder)


def open_to_append(folder: int, name: str, path: str, mode: int) -> int:
    """A descriptor of a regular file, created when missing; raises ChangedError for anything else."""
    try:
        file = os.open(name, _APPEND, mode, dir_fd=folder)
    except OSError as error:
        seen = _seen(folder, name)
        if seen is not None and not stat.S_ISREG(seen.st_mode):
            raise ChangedError(f"{path} is not a regular file") from error
        raise StepError(f"{path} cannot be written to: {reason(error)}") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ChangedError(f"{path} is not a regular file")
    return file


def write_durably(file: int, content: bytes) -> None:
    """Writes all of it, and returns when it is on the disk."""
    _write(file, content)
    with suppress(OSError):  # a device knows no disk
        os.fsync(file)


def _compare(folder: int, name: str, path: str, expected: FileStatus, content: bytes | None) -> None:
    """Raises ChangedError unless the name is the expected file, with this content when it is given."""
    seen = _seen(folder, name)
    if seen is None:
        raise ChangedError(f"{path} is not there any more")
    difference = _difference(file_status(seen), expected)
    if difference is not None:
        raise ChangedError(f"{path} {difference}")
    if content is None or expected.kind is not FileKind.REGULAR:
        return
    try:
        file = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        raise ChangedError(f"{path} cannot be read any more: {reason(error)}") from error
    try:
        if _difference(file_status(os.fstat(file)), expected) is not None:
            raise ChangedError(f"{path} was replaced by another file just now")
        if read_open(file, len(content) + 1) != content:
            raise ChangedError(f"{path} has other content by now")
    finally:
        os.close(file)


def _difference(seen: FileStatus, expected: FileStatus) -> str | None:
    """How a file differs from the one that was planned for; a folder's own contents may change."""
    if seen.kind is not expected.kind:
        return f"is no {expected.kind.value} file any more"
    if (seen.device, seen.inode) != (expected.device, expected.inode):
        return "was replaced by another file since"
    if seen.uid != expected.uid:
        return "belongs to another user by now"
    if seen.kind is FileKind.REGULAR and (seen.size, seen.modified) != (expected.size, expected.modified):
        return "was written to since"
    return None


def _keep_or_give_back(
    folder: int, taken: str, name: str, path: str, expected: FileStatus, content: bytes | None
) -> None:
    """Looks at what was renamed; if it is not what was meant, gives it its name back and raises."""
    try:
        _compare(folder, taken, path, expected, content)
    except ChangedError:
        rename_to_free(taken, name, folder)
        raise


def _put_in_place(folder: int, fresh: str, name: str, path: str, expected: FileStatus, before: bytes) -> None:
    """Exchanges the new file with the old one and checks what that was; else renames over it."""
    try:
        exchanged = exchange(fresh, name, folder)
    except FileNotFoundError as error:
        raise ChangedError(f"{path} is not there any more") from error
    if not exchanged:
        os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        return
    try:
        _compare(folder, fresh, path, expected, before)
    except ChangedError:
        exchange(fresh, name, folder)
        raise


def _link_unnamed(folder: int, name: str, content: bytes, mode: int, owner: tuple[int, int] | None) -> bool:
    """Creates a file that has no other name before, so that nothing is left of it when we are killed.

    False where the system or the file system has no such files (open(2), O_TMPFILE), or /proc is not there.
    """
    flag: int | None = getattr(os, "O_TMPFILE", None)
    if flag is None:
        return False
    try:
        file = os.open(".", flag | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno in _NO_UNNAMED:
            return False
        raise
    try:
        _fill(file, content, mode, owner)
        return _named(file, folder, name)
    finally:
        os.close(file)


def _named(file: int, folder: int, name: str) -> bool:
    """Gives a file without a name its first one; false where that cannot be done."""
    try:
        os.link(f"/proc/self/fd/{file}", name, dst_dir_fd=folder)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _rename_new(folder: int, name: str, content: bytes, mode: int) -> None:
    fresh = _write_new(folder, name, content, mode, None)
    try:
        rename_to_free(fresh, name, folder)
    finally:
        _discard(folder, fresh)


def _write_new(folder: int, name: str, content: bytes, mode: int, owner: tuple[int, int] | None) -> str:
    """A new hidden file beside ``name``, complete and on the disk; gives its name."""
    fresh = _hidden(name)
    with _able_to_give(folder, mode, owner):
        if _link_unnamed(folder, fresh, content, mode, owner):
            return fresh
        file = os.open(fresh, _NEW, 0o600, dir_fd=folder)
        try:
            _fill(file, content, mode, owner)
        except BaseException:
            _discard(folder, fresh)
            raise
        finally:
            os.close(file)
    return fresh


@contextmanager
def _able_to_give(folder: int, mode: int, owner: tuple[int, int] | None) -> Iterator[None]:
    """The rights to make a file that is root's, or of a group that is not its user's.

    In the user's own folder, which is open already, root makes it as root: no user can lead it elsewhere, and
    a user who could not write to root's file has never had it open. A file with rights of its own is not made
    so.
    """
    uid = os.geteuid()
    may_all = owner is None or (owner[0] == uid and owner[1] in (os.getegid(), *os.getgroups()))
    trusted = owner is not None and owner[0] in (0, uid) and os.fstat(folder).st_uid == uid
    if may_all or not trusted or mode & _SET_ID:
        yield
        return
    with acting_as_root():
        yield


def _fill(file: int, content: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    """All its content, its owner and its mode, on the disk."""
    made = os.fstat(file)
    _write(file, content)
    if owner is not None and owner != (made.st_uid, made.st_gid):
        os.fchown(file, *owner)
    os.fchmod(file, mode)
    os.fsync(file)


def _hidden(name: str) -> str:
    """A name that no file has; cut so that it is not too long for a file system."""
    return f".{os.fsdecode(os.fsencode(name)[:200])}.ghostfix-{os.urandom(6).hex()}"


def _write(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def _discard(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return  # it has its right name by now


def _seen(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
