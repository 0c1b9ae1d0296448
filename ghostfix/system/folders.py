"""Folders: the one way on which every act on a file reaches the folder that holds it.

The owner of a folder decides what its names lead to, and can decide anew at any moment. So root acts in
another user's folder with that user's rights, and is led to nothing that the user could not touch without us:

- The way is walked down from ``/``, one name at a time, and each folder is held open before the next name
  is looked up in it: what was checked is what is acted in, whatever is exchanged meanwhile.
- In a folder we have its owner's rights, from the moment in which it is entered (``acting_as``). A folder of
  root's, reached through real folders only, is acted in as root: no other user can make or move one into
  place.
- A symlink is followed when it is root's, our own or the folder owner's. After one that lies in another
  user's folder the rest of the way has that user's rights, wherever it leads; a third user's folder is
  refused. Only one of root's with an absolute target and no second name (a hard link) is root's word still:
  no other user can have made it, and it leads to the same place wherever its folder's owner moves it.
- A caller who is not root has their own rights throughout, and follows no symlink of another user.

All this needs is ``openat`` with ``O_NOFOLLOW`` (POSIX), so it is the same on every kernel and on macOS;
``openat2(2)`` would forbid links without saying whose they are.

The rule for hostile folders: one that others than its owner can write to (every user, or a group whose
owner's rights we have not taken), without the sticky bit, and that belongs neither to us nor to root, is not
acted in. In any other folder, only its owner, we ourselves and root could exchange a name under us; and each
act compares the file once more at the last moment, so that even they lose nothing but their time.
"""

import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.system.credentials import account_with, acting_as
from ghostfix.system.decoding import decoded, known_in, reason
from ghostfix.system.linux_processes import read_whole
from ghostfix.system.proc_text import parse_mounters

_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_SEARCH: int = getattr(os, "O_PATH", os.O_RDONLY)
"""A folder that may be searched need not be readable; macOS has no such descriptor in Python."""
_ENTER = _SEARCH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_FOLDER = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)
_MOST_LINKS = 40  # as in the kernel, path_resolution(7)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@contextmanager
def opened(path: str) -> Iterator[tuple[int, str]]:
    """The folder that holds ``path`` as a descriptor, and the name in it; raises ChangedError, StepError.

    While the context lasts we have the rights of the folder's owner, if we are root.
    """
    folder, name = posixpath.split(posixpath.abspath(path))
    if name in ("", ".", "..") or "\0" in path:
        raise StepError(f"{path!r} is not the name of a file")
    with _Walk(folder) as walk:
        try:
            descriptor = os.open(".", _READ, dir_fd=walk.here)
        except OSError as error:
            raise StepError(f"the folder {folder} cannot be opened{walk.as_whom}: {reason(error)}") from error
        try:
            if is_hostile(os.fstat(descriptor), walk.us, os.geteuid()):
                raise ChangedError(f"the folder {folder} belongs to another user, and others can write to it")
            yield descriptor, known_in(descriptor, name)
        except StepError as error:
            if isinstance(error.__cause__, PermissionError):
                raise StepError(f"{error}{walk.as_whom}") from error
            raise
        except FileExistsError:
            raise
        except OSError as error:
            raise StepError(f"{path}: {reason(error)}{walk.as_whom}") from error
        finally:
            os.close(descriptor)


def is_hostile(folder: os.stat_result, us: int, actor: int) -> bool:
    """Whether others can exchange its files, and no user whom we trust let them (the rule above).

    ``actor`` is whose rights we have taken: a group that its owner lets in decides only for that owner.
    """
    others = stat.S_IWOTH if folder.st_uid == actor else stat.S_IWOTH | stat.S_IWGRP
    sticky = bool(folder.st_mode & stat.S_ISVTX)
    return bool(folder.st_mode & others) and not sticky and folder.st_uid not in (us, 0)


def make_folder(path: str, mode: int = 0o755) -> None:
    """Makes a folder and its parents, each with ``mode``; one that exists keeps its own.

    What is made in another user's folder is made by that user, and belongs to that user.
    """
    with _Walk(posixpath.abspath(path), make=mode):
        return


class _Walk:
    """The way down to a folder: what is open, whose rights we have, and what is left of the path."""

    def __init__(self, folder: str, make: int | None = None) -> None:
        """``make`` is the mode with which folders that are missing are made."""
        self._folder = folder
        self._make = make
        self.us = os.geteuid()
        self._actor = self.us
        self._bent = ""
        """The first symlink that was followed in another user's folder."""
        self._links = 0
        self._left = _names(folder)
        self._way = "/"
        """The way as it has been gone, for errors."""
        self._rights = ExitStack()
        self._device = -1
        self._mounters: dict[int, int] | None = None
        self.here = -1

    def __enter__(self) -> "_Walk":
        self.here = os.open("/", _ENTER)
        self._device = os.fstat(self.here).st_dev
        try:
            while self._left:
                self._enter(self._left.pop())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._rights.close()
        os.close(self.here)

    @property
    def as_whom(self) -> str:
        """With whose rights we act, as a part of a sentence; empty when they are our own."""
        if self._actor == self.us:
            return ""
        which = f"whose symlink {self._bent} leads there" if self._bent else "whose folder it is"
        return f" with the rights of {_named(self._actor)}, {which}"

    def _enter(self, name: str) -> None:
        name = known_in(self.here, name)
        place = posixpath.join(self._way, name)
        try:
            folder = self._open(name)
        except FileNotFoundError as error:
            raise ChangedError(f"the folder {self._folder} is not there") from error
        except OSError as error:
            if error.errno in _NO_FOLDER:
                self._follow(name, place)
                return
            raise StepError(
                f"the folder {self._folder} cannot be opened{self.as_whom}: {reason(error)}"
            ) from error
        os.close(self.here)
        self.here, self._way = folder, place
        if self.us == 0:
            self._become(self._owner(os.fstat(folder)))

    def _open(self, name: str) -> int:
        try:
            return os.open(name, _ENTER, dir_fd=self.here)
        except FileNotFoundError:
            if self._make is None:
                raise
        try:
            os.mkdir(name, self._make, dir_fd=self.here)
        except FileExistsError:
            pass  # another process made it just now
        except OSError as error:
            failure = f"the folder {posixpath.join(self._way, name)} cannot be made"
            raise StepError(f"{failure}{self.as_whom}: {reason(error)}") from error
        return os.open(name, _ENTER, dir_fd=self.here)

    def _become(self, owner: int) -> None:
        """Takes the rights of the owner of the folder that we have come to."""
        if owner == self._actor:
            return
        if self._bent:
            if owner == 0:
                return
            raise StepError(
                f"the way to {self._folder} leads through {self._bent}, a symlink of {_named(self._actor)}, "
                f"into {self._way}, which is {_named(owner)}'s: neither is to use the other's rights"
            )
        self._rights.close()
        if owner != 0:
            try:
                self._rights.enter_context(acting_as(account_with(owner)))
            except OSError as error:
                raise StepError(
                    f"{self._way} belongs to {_named(owner)}, as whom nothing can be done"
                ) from error
        self._actor = owner

    def _owner(self, seen: os.stat_result) -> int:
        """Whose something is; in a FUSE file system all is the user's who mounted it, whatever it says."""
        if seen.st_dev == self._device:
            return seen.st_uid
        if self._mounters is None:
            self._mounters = _mounters()
        return self._mounters.get(seen.st_dev, seen.st_uid)

    def _follow(self, name: str, place: str) -> None:
        """Goes on where a symlink leads, unless a user made it who has no say in this folder."""
        target, made = _link(self.here, name, place)
        owner = self._owner(made)
        if owner not in (0, self.us, self._actor):
            raise StepError(f"{place} is a symlink of another user ({_named(owner)}), and is not followed")
        self._links += 1
        if self._links > _MOST_LINKS:
            raise StepError(f"the way to {self._folder} leads through too many symlinks")
        is_roots_wish = owner == 0 and made.st_nlink == 1 and target.startswith("/")
        if self._actor != self.us and not is_roots_wish:
            self._bent = self._bent or place
        if target.startswith("/"):
            os.close(self.here)
            self.here, self._way = os.open("/", _ENTER), "/"
        self._left += _names(target)


def _names(path: str) -> list[str]:
    """The names in a path, the first one last."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _link(folder: int, name: str, place: str) -> tuple[str, os.stat_result]:
    """Where a symlink leads, and what it is: both of one and the same link."""
    try:
        if hasattr(os, "O_PATH"):
            link = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                seen = os.fstat(link)
                if stat.S_ISLNK(seen.st_mode):
                    return os.readlink("", dir_fd=link), seen
            finally:
                os.close(link)
        else:
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(seen.st_mode):
                target = os.readlink(name, dir_fd=folder)
                if not os.path.samestat(seen, os.stat(name, dir_fd=folder, follow_symlinks=False)):
                    raise ChangedError(f"{place} was exchanged just now")
                return target, seen
    except OSError as error:
        raise ChangedError(f"{place} cannot be looked at any more: {reason(error)}") from error
    raise StepError(f"{place} is in the way: it is not a folder")


def _mounters() -> dict[int, int]:
    try:
        return parse_mounters(decoded(read_whole("/proc/self/mountinfo")))
    except OSError:
        return {}  # no Linux


def _named(uid: int) -> str:
    return account_with(uid).name


def make_private_folder(path: str) -> None:
    """Makes a folder and its parents, closed to all other users.

    A folder of our own that others may look into, as an older ghostfix left it, is closed; one that is
    another user's, a symlink, or open to others' writing stays as it is: what is in it may be theirs.
    """
    make_folder(path, 0o700)
    try:
        folder = os.open(path, _READ | os.O_NOFOLLOW)
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
    """Whether root alone decides where this leads: the folder, all above it, and each symlink."""
    return all(_is_roots(place) for start in (folder, os.path.realpath(folder)) for place in _upwards(start))


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
