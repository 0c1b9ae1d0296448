"""State folder: where ghostfix keeps what it must remember: a folder that is private to its caller.

What lies there is acted on by a later ``undo``, perhaps as root. So nothing is written to or read from a
folder that another user owns or may write to, and none of what is in it is open to others.
"""

import zlib
from urllib.parse import quote

from ghostfix.model.errors import RepairError, StepError, UnwritableError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.service.passwd import name_of

_OPEN = "others can write to it"


def state_folder(system: System) -> str:
    """``$XDG_STATE_HOME/ghostfix`` or ``~/.local/state/ghostfix``, on every system, for root as well."""
    base = system.variable("XDG_STATE_HOME") or ""
    return f"{base.rstrip('/')}/ghostfix" if base.startswith("/") else usual_state_folder(system)


def usual_state_folder(system: System) -> str:
    """``~/.local/state/ghostfix``, whatever the environment says."""
    return f"{system.caller().home.rstrip('/')}/.local/state/ghostfix"


def own_folder(system: ActingSystem, name: str) -> str:
    """A folder below the state folder, made if need be. Raises RepairError when it cannot be trusted."""
    folder = state_folder(system)
    try:
        system.make_private_folder(folder)
        check_trusted(system)
        system.make_private_folder(f"{folder}/{name}")
    except StepError as error:
        raise unwritable(folder, error) from error
    return f"{folder}/{name}"


def check_trusted(system: System) -> None:
    """Raises RepairError when the state folder is not there, or others could have written what is in it.

    Others may read one that an older ghostfix made: it is closed when something is written to it next.
    """
    folder = state_folder(system)
    status = system.status(folder)
    problem = _distrust(system, status.value) if status.complete else status.problem
    if problem is not None:
        raise RepairError(
            f"{folder} is not a private folder of your own ({problem}): no journal is written or read there",
            f"when all that is in it is yours, `chmod 700 {folder}`"
            if problem == _OPEN
            else f"`ls -ld {folder}` shows whose it is; or set XDG_STATE_HOME to a folder of your own",
        )


def _distrust(system: System, status: FileStatus | None) -> str | None:
    if status is None:
        return "it is not there"
    if status.kind is not FileKind.FOLDER:
        return "it is a symlink" if status.kind is FileKind.SYMLINK else "it is no folder"
    if status.uid != system.caller().uid:
        return f"it belongs to {name_of(system, status.uid) or f'uid {status.uid}'}"
    return _OPEN if status.mode & 0o022 else None


def is_private(system: System, status: FileStatus, kind: FileKind) -> bool:
    """Whether a file or folder is what it should be, is the caller's and is closed to every other user."""
    return status.kind is kind and status.uid == system.caller().uid and status.mode & 0o077 == 0


def lock_path(system: System, service: str, directory: str) -> str:
    """The file whose kernel lock says that a service is being worked on.

    The same name in another directory is another service.
    """
    check = zlib.crc32(directory.encode(errors="backslashreplace"))
    return f"{state_folder(system)}/locks/{quote(service, safe='')}-{check:08x}.lock"


def unwritable(folder: str, error: StepError) -> UnwritableError:
    """The error for a journal that cannot be written."""
    return UnwritableError(
        f"the journal in {folder} cannot be written: {error}",
        "nothing is done without a journal; make room or set XDG_STATE_HOME to a folder of your own",
    )
