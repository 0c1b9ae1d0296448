"""Reading files. Nothing here raises: what cannot be read is a ``Reading`` with a problem."""

import fcntl
import glob
import os
import stat
import struct
import sys

from ghostfix.model.errors import StepError
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.model.task_group import waiting
from ghostfix.system.decoding import decoded, openable, reason, storable
from ghostfix.system.folders import opened
from ghostfix.system.linux_processes import read_whole
from ghostfix.system.proc_text import parse_locks

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1_048_576
_LOCKS_SECONDS = 1.0
_ABSENT = (FileNotFoundError, NotADirectoryError)
_LITERAL_FOLDERS = Pattern(r"(?:[^*?\[]|\[[*?\[]\])*/")
_WRITTEN_MARK = Pattern(r"\[([*?\[])\]")
_NUL = "a path cannot contain a NUL"


def file_status(seen: os.stat_result) -> FileStatus:
    """The record of an ``lstat`` or ``fstat``."""
    return FileStatus(
        kind=_kind(seen.st_mode),
        device=seen.st_dev,
        inode=seen.st_ino,
        size=seen.st_size,
        mode=stat.S_IMODE(seen.st_mode),
        uid=seen.st_uid,
        gid=seen.st_gid,
        modified=seen.st_mtime,
    )


def status(path: str) -> Reading[FileStatus | None]:
    """``lstat``."""
    try:
        return Reading(file_status(os.lstat(openable(path))))
    except _ABSENT:
        return Reading(None)
    except OSError as error:
        return Reading(None, f"{path}: {reason(error)}", complete=False)
    except ValueError:
        return Reading(None, f"{path!r}: {_NUL}", complete=False)


def read(path: str, limit: int, offset: int = 0) -> Reading[bytes]:
    """At most ``limit`` bytes from ``offset``; only of a regular file, and never waiting for one."""
    name = openable(path)
    try:
        # Opening a device can act on it, so its kind is asked before, and once more of what was opened.
        if not stat.S_ISREG(os.stat(name).st_mode):
            return Reading(b"", f"{path}: not a regular file", complete=False)
        file = os.open(name, _READ)
    except OSError as error:
        return Reading(b"", f"{path}: {reason(error)}", complete=False)
    except ValueError:
        return Reading(b"", f"{path!r}: {_NUL}", complete=False)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return Reading(b"", f"{path}: not a regular file", complete=False)
        return Reading(read_open(file, limit, offset))
    except OSError as error:
        return Reading(b"", f"{path}: {reason(error)}", complete=False)
    finally:
        os.close(file)


def read_as_owner(path: str, limit: int) -> Reading[bytes]:
    """At most ``limit`` bytes of a regular file, with the rights with which it would be acted on.

    What an act keeps or gives back is read so: read with root's rights through another user's symlink, it
    would be written where that user can read it.
    """
    try:
        with opened(path) as (folder, name):
            file = os.open(name, _READ | os.O_NOFOLLOW, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    return Reading(b"", f"{path}: not a regular file", complete=False)
                return Reading(read_open(file, limit))
            finally:
                os.close(file)
    except (StepError, OSError) as error:
        return Reading(b"", str(error), complete=False)


def read_open(file: int, limit: int, offset: int = 0) -> bytes:
    """At most ``limit`` bytes of an open file; raises OSError."""
    chunks = []
    left = limit
    while left > 0:
        chunk = os.pread(file, min(left, _CHUNK), offset)
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
        offset += len(chunk)
    return b"".join(chunks)


def names(folder: str) -> Reading[tuple[str, ...]]:
    """The names in a folder, sorted; none and complete when there is no such folder."""
    try:
        return Reading(tuple(sorted(storable(name) for name in os.listdir(openable(folder)))))
    except FileNotFoundError:
        return Reading(())
    except OSError as error:
        return Reading((), f"{folder}: {reason(error)}", complete=False)
    except ValueError:
        return Reading((), f"{folder!r}: {_NUL}", complete=False)


def paths(pattern: str) -> tuple[str, ...]:
    """The existing paths that match a shell pattern, sorted; dangling symlinks exist too."""
    try:
        return tuple(sorted(storable(path) for path in glob.glob(_openable_pattern(pattern), recursive=True)))
    except ValueError:
        return ()


def _openable_pattern(pattern: str) -> str:
    """The pattern with the folders before its first mark as the operating system knows them."""
    literal = _LITERAL_FOLDERS.match(pattern)
    if literal is None:
        return pattern
    folder = _WRITTEN_MARK.sub(r"\1", literal.group())
    return glob.escape(openable(folder.rstrip("/"))) + "/" + pattern[literal.end() :]


def resolve(path: str) -> str:
    """The path with every symlink resolved, as far as it exists."""
    try:
        return storable(os.path.realpath(openable(path)))
    except (OSError, ValueError):
        return path


def is_locked(path: str) -> bool | None:
    """Whether a process holds a lock on the file (flock or fcntl), without taking one to find out."""
    try:
        seen = os.stat(openable(path))
        if sys.platform == "linux":
            with waiting(_LOCKS_SECONDS):  # the kernel lets everybody who locks come to rest first
                text = read_whole("/proc/locks")
            held = parse_locks(decoded(text))
            return (os.major(seen.st_dev), os.minor(seen.st_dev), seen.st_ino) in held
        return _asks_for_lock(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return None


def _asks_for_lock(path: str) -> bool:
    """``F_GETLK`` on macOS: who would block a write lock on the whole file (its ``struct flock``)."""
    layout = "qqihh"
    file = os.open(path, _READ)
    try:
        wanted = struct.pack(layout, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        answer = struct.unpack(layout, fcntl.fcntl(file, fcntl.F_GETLK, wanted))
    finally:
        os.close(file)
    kind: int = answer[3]
    return kind != fcntl.F_UNLCK


def _kind(mode: int) -> FileKind:
    if stat.S_ISREG(mode):
        return FileKind.REGULAR
    if stat.S_ISDIR(mode):
        return FileKind.FOLDER
    return FileKind.SYMLINK if stat.S_ISLNK(mode) else FileKind.OTHER
