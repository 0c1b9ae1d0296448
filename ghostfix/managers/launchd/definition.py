"""The plists in the folders from which launchd loads jobs, Apple's own (``/System/Library``) excepted."""

import posixpath
from collections.abc import Collection

from msgspec import Struct

from ghostfix.managers.launchd.plist import LaunchdJob, read_plist
from ghostfix.model.machine import System
from ghostfix.model.process import Variable
from ghostfix.model.reading import Reading, gathered

PLIST_LIMIT = 1024 * 1024
"""No plist of a job is longer than so many bytes."""
_AGENTS = "Library/LaunchAgents"
_DAEMONS = "/Library/LaunchDaemons"


class Definition(Struct, frozen=True, kw_only=True):
    """A plist that was read. ``uid`` is whose agent it is, None for a daemon."""

    path: str
    digest: str
    """SHA-256 of its content, in hexadecimal."""
    uid: int | None
    home: str | None
    job: LaunchdJob

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The environment variables that its process is known to have."""
        home = () if self.home is None else (Variable("HOME", self.home),)
        return (*home, *self.job.environment)


class _Wanted(Struct, frozen=True):
    """A plist to read, whose it is, and where that user is at home."""

    path: str
    uid: int | None
    home: str | None


def digest_of(content: bytes) -> str:
    """By what a plist is known again: the SHA-256 of its content, in hexadecimal."""
    import hashlib  # loads all of OpenSSL, and only macOS has plists

    return hashlib.sha256(content).hexdigest()


def definitions(system: System, uids: Collection[int]) -> Reading[tuple[Definition, ...]]:
    """All jobs that are defined: the caller's agents (everybody's when root asks), everyone's, and daemons.

    ``uids`` are the users in whose domains the agents in ``/Library`` are of interest. Incomplete when a
    folder or a plist could not be read.
    """
    caller = system.caller()
    problems: list[str] = []
    wanted = _users_agents(system, problems)
    agents = _plists(system, f"/{_AGENTS}", problems)
    own = caller.home if caller.uid != 0 else None
    wanted += [_Wanted(path, uid, own) for path in agents for uid in uids]
    wanted += [_Wanted(path, None, None) for path in _plists(system, _DAEMONS, problems)]
    found: list[Definition] = []
    for each in wanted:
        reading = read_definition(system, each.path, each.uid, each.home)
        if reading.value is not None:
            found.append(reading.value)
        if not reading.complete and reading.problem is not None:
            problems.append(reading.problem)
    unique = tuple(dict.fromkeys(problems))
    return gathered(tuple(found), unique)


def read_definition(
    system: System, path: str, uid: int | None, home: str | None
) -> Reading[Definition | None]:
    """The job of one plist; None when the file defines none."""
    content = system.read(path, PLIST_LIMIT)
    if not content.complete:
        return Reading(None, f"{path}: {content.problem}", complete=False)
    reading = read_plist(content.value)
    if not reading.complete:
        return Reading(None, f"{path}: {reading.problem}", complete=False)
    if reading.value is None:
        return Reading(None)
    digest = digest_of(content.value)
    return Reading(Definition(path=path, digest=digest, uid=uid, home=home, job=reading.value))


def _users_agents(system: System, problems: list[str]) -> list[_Wanted]:
    """Root's own agents do not exist; of others launchd loads only those that belong to them."""
    caller = system.caller()
    found: list[_Wanted] = []
    for home in [caller.home] if caller.uid != 0 else _homes(system):
        for path in _plists(system, posixpath.join(home, _AGENTS), problems):
            uid = caller.uid if caller.uid != 0 else _owner(system, path)
            if uid != 0:
                found.append(_Wanted(path, uid, home))
    return found


def _homes(system: System) -> list[str]:
    return [folder.removesuffix(f"/{_AGENTS}") for folder in system.paths(f"/Users/*/{_AGENTS}")]


def _plists(system: System, folder: str, problems: list[str]) -> tuple[str, ...]:
    names = system.names(folder)
    if not names.complete:
        problems.append(f"{folder}: {names.problem}")
    return tuple(posixpath.join(folder, name) for name in names.value if name.endswith(".plist"))


def _owner(system: System, path: str) -> int:
    status = system.status(path).value
    return 0 if status is None else status.uid
