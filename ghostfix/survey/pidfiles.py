"""PID files: what the profile's patterns match, and which PID each names."""

import posixpath

from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileKind, FileStatus, PidFile, PidFileState
from ghostfix.service.pid_file import parse_pid

LIMIT = 4096
"""Bytes that are read of a PID file; a longer one is none."""
_WILD = Pattern(r"[*?\[]")
_ATTEMPTS = 3


def collect(system: System, service: Service) -> Reading[tuple[PidFile, ...]]:
    """Every PID file that exists, in the order of the patterns; incomplete when one could not be seen."""
    found: dict[str, PidFile] = {}
    problems: list[str] = []
    for pattern in service.pidfiles:
        for path in _paths(system, service, pattern, problems):
            if path not in found and (pidfile := _pidfile(system, path, problems)) is not None:
                found[path] = pidfile
    return gathered(tuple(found.values()), problems)


def _paths(system: System, service: Service, pattern: str, problems: list[str]) -> tuple[str, ...]:
    wild = _WILD.search(pattern)
    if wild is None:
        return (service.path(pattern),)
    folder = service.path(posixpath.dirname(pattern[: wild.start()]))
    reading = system.names(folder)
    if not reading.complete:
        problems.append(reading.problem or f"{folder} could not be read")
    return system.paths(service.pattern(pattern))


def _pidfile(system: System, path: str, problems: list[str]) -> PidFile | None:
    """The file as it is at one moment: status and content belong together."""
    pidfile = None
    for _ in range(_ATTEMPTS):
        status = system.status(path)
        if not status.complete:
            problems.append(status.problem or f"{path} could not be looked at")
            return None
        if status.value is None:
            return None
        pidfile = _read(system, path, status.value)
        if system.status(path).value == status.value:
            break
    return pidfile


def _read(system: System, path: str, status: FileStatus) -> PidFile:
    if status.kind is FileKind.SYMLINK:
        leads = f"it leads to {system.resolve(path)}"
        return PidFile(path=path, state=PidFileState.SYMLINK, status=status, problem=leads)
    if status.kind is not FileKind.REGULAR:
        what = "it is a folder" if status.kind is FileKind.FOLDER else "it is no regular file"
        return PidFile(path=path, state=PidFileState.NOT_A_FILE, status=status, problem=what)
    reading = system.read(path, LIMIT + 1)
    if not reading.complete:
        return PidFile(path=path, state=PidFileState.UNREADABLE, status=status, problem=reading.problem)
    content = reading.value[:LIMIT]
    state, pid, problem = _understood(reading.value)
    return PidFile(
        path=path,
        state=state,
        pid=pid,
        status=status,
        content=content,
        locked=system.is_locked(path),
        problem=problem,
    )


def _understood(content: bytes) -> tuple[PidFileState, int | None, str | None]:
    if len(content) > LIMIT:
        return PidFileState.MALFORMED, None, f"it is longer than {LIMIT:,} bytes"
    if not content.strip():
        return PidFileState.EMPTY, None, None
    pid = parse_pid(content)
    return (PidFileState.MALFORMED if pid is None else PidFileState.READABLE), pid, None
