"""Former user: as whom the service ran before it ended, by the owner of what it wrote."""

import posixpath
from collections.abc import Sequence

from ghostfix.model.machine import System
from ghostfix.model.snapshot import FileKind
from ghostfix.service.passwd import name_of

_OTHERS_WRITE = 0o002


def former_user(system: System, paths: Sequence[str]) -> str | None:
    """The user who owns all of these files, PID files and logs of the service; None where they differ.

    None for root's files, for a user who has no name, and for a file in a folder where every user may
    write: there it may be any user's.
    """
    owners: set[int] = set()
    for path in paths:
        status = system.status(path).value
        if status is None or status.kind is not FileKind.REGULAR:
            continue
        folder = system.status(system.resolve(posixpath.dirname(path))).value
        if folder is None or folder.mode & _OTHERS_WRITE:
            return None
        owners.add(status.uid)
    if len(owners) != 1:
        return None
    (uid,) = owners
    return None if uid == 0 else name_of(system, uid)
