"""Folders: opened once, so that every act on a name in one happens in that very folder.

The rule for hostile folders: one that others than its owner can write to (by group or by anybody),
without the sticky bit, and that belongs neither to us nor to root, is not acted in. In any other folder,
whoever could exchange a name under us is its owner, ourselves or root; and each act compares the file
once more at the last moment, so that even they lose nothing but their time.
"""

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from ghostfix.errors import ChangedError, StepError
from ghostfix.system.text import reason

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def opened(path: str) -> Iterator[tuple[int, str]]:
    """The folder that holds ``path`` as a descriptor, and the name in it; raises ChangedError, StepError."""
    folder, name = posixpath.split(posixpath.abspath(path))
    if name in ("", ".", "..") or "\0" in path:
        raise StepError(f"{path!r} is not the name of a file")
    try:
        descriptor = os.open(folder, _OPEN)
    except FileNotFoundError as error:
        raise ChangedError(f"the folder {folder} is not there") from error
    except OSError as error:
        raise StepError(f"the folder {folder} cannot be opened: {reason(error)}") from error
    try:
        if is_hostile(os.fstat(descriptor), os.geteuid()):
            raise ChangedError(f"the folder {folder} belongs to another user, and others can write to it")
        yield descriptor, name
    except (StepError, FileExistsError):
        raise
    except OSError as error:
        raise StepError(f"{path}: {reason(error)}") from error
    finally:
        os.close(descriptor)


def is_hostile(folder: os.stat_result, uid: int) -> bool:
    """Whether others can exchange its files, and nobody whom we trust let them (the rule above)."""
    others_write = bool(folder.st_mode & _OTHERS_WRITE)
    sticky = bool(folder.st_mode & stat.S_ISVTX)
    return others_write and not sticky and folder.st_uid not in (uid, 0)


def make_folder(path: str, mode: int) -> None:
    """Makes a folder and its parents, each with ``mode``; one that exists keeps its own."""
    missing = []
    current = posixpath.abspath(path)
    while not os.path.lexists(current):
        missing.append(current)
        current = posixpath.dirname(current)
    if not os.path.isdir(current):
        raise StepError(f"{current} is in the way: it is not a folder")
    for folder in reversed(missing):
        try:
            os.mkdir(folder, mode)
        except FileExistsError:
            continue  # somebody else made it just now
        except OSError as error:
            raise StepError(f"the folder {folder} cannot be made: {reason(error)}") from error


def make_private_folder(path: str) -> None:
    """Makes a folder and its parents, closed to everybody else.

    A folder of our own that others may look into, as an older ghostfix left it, is closed; one that is
    somebody else's, a symlink, or open to others' writing stays as it is: what is in it may be theirs.
    """
    make_folder(path, 0o700)
    try:
        folder = os.open(path, _OPEN | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        seen = os.fstat(folder)
        open_to_others = seen.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if seen.st_uid == os.geteuid() and open_to_others and not open_to_others & _OTHERS_WRITE:
            os.fchmod(folder, 0o700)
    except OSError as error:
        raise StepError(f"the folder {path} cannot be closed to others: {reason(error)}") from error
    finally:
        os.close(folder)


def is_roots_way(folder: str) -> bool:
    """Whether nobody but root decides where this leads: the folder, all above it, and each symlink."""
    return all(_is_roots(place) for start in (folder, os.path.realpath(folder)) for place in _upwards(start))


def refuse_links_of_others(folder: str) -> None:
    """Raises StepError where the way leads through a symlink that is neither root's nor ours.

    Its owner would decide in which folder we act, with rights that he does not have.
    """
    for place in _upwards(folder):
        seen = os.lstat(place)
        if stat.S_ISLNK(seen.st_mode) and seen.st_uid not in (0, os.geteuid()):
            raise StepError(f"{place} is a symlink of another user (uid {seen.st_uid}), and is not followed")


def _is_roots(place: str) -> bool:
    try:
        seen = os.lstat(place)
    except OSError:
        return False
    if seen.st_uid != 0 or stat.S_ISLNK(seen.st_mode):
        return seen.st_uid == 0
    return bool(seen.st_mode & stat.S_ISVTX) or not seen.st_mode & _OTHERS_WRITE


def _upwards(folder: str) -> Iterator[str]:
    """The folder and all above it."""
    place = posixpath.abspath(folder)
    while True:
        yield place
        above = posixpath.dirname(place)
        if above == place:
            return
        place = above
