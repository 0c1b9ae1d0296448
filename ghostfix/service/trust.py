"""Trust: as which user a program that lies in a user's folder may be run, when root is the caller.

A user who can write a program, or a folder above it, decides what it does. Run by root, it would do that
with root's rights; so root runs it as that very user, and not at all where two of them could.
"""

import posixpath
from collections.abc import Iterable

from ghostfix.model.machine import System
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.service.passwd import name_of

_STICKY = 0o1000
_FIRST_GROUP = 100
"""Groups below are the system's own (wheel, staff, admin): a member may become root anyway."""


def runner(system: System, paths: Iterable[str]) -> Reading[str | None]:
    """The user as which to run what these files and folders hold; None is the caller's own self.

    Incomplete, with the reason, where no user can be trusted with it.
    """
    if system.caller().uid != 0:
        return Reading(None)
    owners: dict[int, str] = {}
    for place in _places(system, paths):
        status = system.status(place).value
        if status is None:
            if _free_for_all(system, place):
                return Reading(None, f"{place} is not there, and anybody could make it", complete=False)
            continue
        if status.uid != 0:
            owners.setdefault(status.uid, place)
        elif _open_to_others(status):
            return Reading(None, f"{place} can be written by others, so root does not run it", complete=False)
    if not owners:
        return Reading(None)
    if len(owners) > 1:
        owned = " and ".join(f"{place} (uid {uid})" for uid, place in owners.items())
        return Reading(
            None, f"several users could change it, so root does not run it: {owned}", complete=False
        )
    ((uid, place),) = owners.items()
    name = name_of(system, uid)
    if name is None:
        return Reading(None, f"{place} belongs to uid {uid}, who has no name to run it as", complete=False)
    return Reading(name)


def commander(system: System, process: Process, paths: Iterable[str]) -> Reading[str | None]:
    """The user as which to run a program by which a process is commanded; None is the caller's own self.

    What a process says of itself proves nothing: any user can call one supervisord, with a supervisorctl
    beside it, and call even su(1) so, which is root's. So root runs it as that process's user, and another
    caller runs it only where all these files are root's or the caller's. Incomplete, with the reason, where
    they are not.
    """
    caller = system.caller()
    if caller.uid == 0 and process.uid != 0:
        return Reading(process.user)
    for place in _places(system, paths):
        status = system.status(place).value
        if status is None:
            continue
        if status.uid not in (0, caller.uid):
            owner = name_of(system, status.uid) or f"uid {status.uid}"
            return Reading(None, f"{owner} could change {place}, so {caller.user} does not run it", False)
        if status.uid == 0 and _open_to_others(status):
            reason = f"{place} can be written by others, so {caller.user} does not run it"
            return Reading(None, reason, complete=False)
    return Reading(None)


def wrong_runner(system: System, paths: Iterable[str], user: str) -> str | None:
    """Why what lies there must not be run as ``user`` (empty: as the caller); None when it may be.

    What is root's may be run as any user: that gives no rights away.
    """
    reading = runner(system, paths)
    if not reading.complete:
        return reading.problem
    if reading.value is None or reading.value == user:
        return None
    planned = user or system.caller().user
    return f"{reading.value} could change what would be run as {planned}"


def _places(system: System, paths: Iterable[str]) -> tuple[str, ...]:
    """Each path, where its symlinks lead, and every folder above either."""
    found: dict[str, None] = {}
    for path in paths:
        for start in (posixpath.normpath(path), system.resolve(path)):
            place = start
            while place not in found:
                found[place] = None
                place = posixpath.dirname(place)
    return tuple(found)


def _free_for_all(system: System, place: str) -> bool:
    """Whether others than root may make what is not there: in a sticky folder they may."""
    above = system.status(posixpath.dirname(place)).value
    return above is not None and above.uid == 0 and bool(above.mode & 0o002)


def _open_to_others(status: FileStatus) -> bool:
    """Whether others than root may change what is root's; a sticky folder protects what is in it."""
    if status.mode & _STICKY or status.kind is FileKind.SYMLINK:
        return False
    return bool(status.mode & 0o002 or (status.mode & 0o020 and status.gid >= _FIRST_GROUP))
