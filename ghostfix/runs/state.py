"""Where ghostfix keeps what it must remember: a folder that is private to whoever runs it.

What lies there is acted on by a later ``undo``, perhaps as root. So nothing is written to or read from a
folder that somebody else owns, or may look into or write to.
"""

import zlib
from urllib.parse import quote

from ghostfix.errors import RepairError, StepError
from ghostfix.machine import ActingSystem, System
from ghostfix.snapshot import FileKind, FileStatus


def state_folder(system: System) -> str:
    """``$XDG_STATE_HOME/ghostfix`` or ``~/.local/state/ghostfix``, on every system, for root as well."""
    base = system.variable("XDG_STATE_HOME") or ""
    if not base.startswith("/"):
        base = f"{system.caller().home.rstrip('/')}/.local/state"
    return f"{base.rstrip('/')}/ghostfix"


def own_folder(system: ActingSystem, name: str) -> str:
    """A folder below the state folder, made if need be. Raises RepairError when it cannot be trusted."""
    folder = state_folder(system)
    try:
        system.make_folder(folder, 0o700)
        check_private(system)
        system.make_folder(f"{folder}/{name}", 0o700)
    except StepError as error:
        raise unwritable(folder, error) from error
    return f"{folder}/{name}"


def check_private(system: System) -> None:
    """Raises RepairError when the state folder is not there, is somebody else's or is open to others."""
    folder = state_folder(system)
    status = system.status(folder).value
    if status is None or not is_private(system, status, FileKind.FOLDER):
        raise RepairError(
            f"{folder} is not a private folder of your own, so no journal is written or read there",
            f"`ls -ld {folder}` shows whose it is; it must be yours, with mode 700",
        )


def is_private(system: System, status: FileStatus, kind: FileKind) -> bool:
    """Whether a file or folder is what it should be, is the caller's and is closed to everybody else."""
    return status.kind is kind and status.uid == system.caller().uid and status.mode & 0o077 == 0


def lock_path(system: System, service: str, directory: str) -> str:
    """The file whose kernel lock says that a service is being worked on.

    The same name in another directory is another service.
    """
    check = zlib.crc32(directory.encode(errors="backslashreplace"))
    return f"{state_folder(system)}/locks/{quote(service, safe='')}-{check:08x}.lock"


def unwritable(folder: str, error: StepError) -> RepairError:
    """The error for a journal that cannot be written."""
    return RepairError(
        f"the journal in {folder} cannot be written: {error}",
        "nothing is done without a journal; make room or set XDG_STATE_HOME to a folder of your own",
    )
