"""Kernel locks on folders that are there anyway: they work across users, and nothing is written for them.

A lock that two users share must be on something that both can open. Where the folder itself is root's secret
(a crontab's spool), that is the nearest folder above it which the other one can read; both find the same,
because both go by the modes and owners alone.
"""

import fcntl
import os
import posixpath
import pwd
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ghostfix.model.errors import ChangedError
from ghostfix.model.task_group import waiting
from ghostfix.system.decoding import openable
from ghostfix.system.locks import holder_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_TICK = 0.05


class FolderLocks:
    """The locks that this process holds on folders; ``named`` says in words which process has a PID."""

    def __init__(self, named: Callable[[int], str]) -> None:
        self._named = named
        self._held: set[tuple[int, int]] = set()
        self._shared: list[int] = []

    @property
    def shared(self) -> tuple[int, ...]:
        """The descriptors of the shared locks: who inherits them holds the locks, too."""
        return tuple(self._shared)

    @contextmanager
    def own(self, path: str) -> Iterator[None]:
        """Holds a lock on this folder; raises ChangedError at once when another process does."""
        with self._opened(path) as folder:
            if folder is not None:
                self._take(folder, path, 0.0)
            yield

    @contextmanager
    def common(self, path: str, user: str | None, seconds: float) -> Iterator[None]:
        """Holds a lock where ``user`` can take part, and waits for it so many seconds at most.

        Without a user, the folder's owner takes part. Raises ChangedError when it is not free by then.
        """
        place = meeting_place(path, user)
        with self._opened(place) as folder:
            if folder is None:
                yield
                return
            self._take(folder, place, seconds)
            self._shared.append(folder)
            try:
                yield
            finally:
                self._shared.remove(folder)

    @contextmanager
    def _opened(self, path: str) -> Iterator[int | None]:
        """The folder; None where it cannot be opened, and where this process has its lock already."""
        try:
            folder = os.open(openable(path), _FOLDER)
        except OSError:
            yield None
            return
        seen = os.fstat(folder)
        key = (seen.st_dev, seen.st_ino)
        try:
            if key in self._held:
                yield None
                return
            self._held.add(key)
            try:
                yield folder
            finally:
                self._held.remove(key)
        finally:
            os.close(folder)

    def _take(self, folder: int, path: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise ChangedError(self._taken(folder, path, seconds)) from error
            except OSError:
                return  # a network's file system that knows no lock on what is only read
            else:
                return
            with waiting(_TICK) as pause:
                time.sleep(pause)

    def _taken(self, folder: int, path: str, seconds: float) -> str:
        holder = holder_of(os.fstat(folder))
        by = "somebody whom ghostfix cannot see" if holder is None else self._named(holder)
        waited = f", and was not let go of within {seconds:.3g} s" if seconds else ""
        return f"the folder {path} is locked by {by}{waited}"


def meeting_place(path: str, user: str | None) -> str:
    """The folder nearest to ``path``, itself or above it, that this user can read; else its owner."""
    steps = list(_way_to(os.path.realpath(path)))
    account = _account(steps[-1][1].st_uid if user is None else user)
    place = "/"
    for folder, seen in steps:
        if _may(seen, account, 0o4):
            place = folder
        if not _may(seen, account, 0o1):
            break
    return place


def _way_to(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Each folder from the root to the path, as far as they are there and we can see them."""
    place = "/"
    for name in ("", *path.split("/")[1:]):
        place = posixpath.join(place, name) if name else place
        try:
            seen = os.lstat(place)
        except OSError:
            return
        if not stat.S_ISDIR(seen.st_mode):
            return
        yield place, seen


def _account(whose: int | str) -> tuple[int, frozenset[int]]:
    """A user's id and groups; of one who is not known, the id alone."""
    try:
        account = pwd.getpwuid(whose) if isinstance(whose, int) else pwd.getpwnam(whose)
    except KeyError:
        return (whose if isinstance(whose, int) else -1), frozenset()
    return account.pw_uid, frozenset(os.getgrouplist(account.pw_name, account.pw_gid))


def _may(seen: os.stat_result, account: tuple[int, frozenset[int]], bit: int) -> bool:
    uid, groups = account
    if uid == 0:
        return True
    shift = 6 if seen.st_uid == uid else 3 if seen.st_gid in groups else 0
    return bool(seen.st_mode >> shift & bit)
