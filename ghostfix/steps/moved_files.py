"""Moved files: found again by what they are, not by a name that may not have been written down."""

import posixpath

from ghostfix.model.machine import System
from ghostfix.model.snapshot import FileStatus


def moved_to(system: System, path: str, status: FileStatus) -> str | None:
    """Where ``path`` lies now beside its old place, known by its inode; None when it is not there.

    A rename keeps the inode, so this also finds what was moved by a ghostfix that came to a sudden end
    before it could record it.
    """
    folder = posixpath.dirname(path)
    for name in system.names(folder).value:
        beside = posixpath.join(folder, name)
        found = None if beside == path else system.status(beside).value
        if found is not None and (found.device, found.inode, found.kind) == (
            status.device,
            status.inode,
            status.kind,
        ):
            return beside
    return None
