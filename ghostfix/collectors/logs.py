"""Logs: what the service's logs say went wrong.

Of each log the end is read, or all of it when that is asked for; in pieces, so that neither a huge log nor a
huge line costs memory. Nobody has to rotate anything for ghostfix, and a log that is not there is no problem.
"""

import codecs
import posixpath
from collections.abc import Iterator

from msgspec import structs

from ghostfix.large_log import LARGE, spots, visit
from ghostfix.machine import System
from ghostfix.parsers.error_tally import KINDS_KEPT
from ghostfix.parsers.log_blocks import blocks, feed, telling
from ghostfix.parsers.traceback_log import TracebackLog
from ghostfix.reading import Reading
from ghostfix.service import Service
from ghostfix.snapshot import FileKind, FileStatus, LogExcerpt

TAIL = 2 * 1024 * 1024
"""So many bytes of the end of a log are read."""
TELLING = 256 * 1024
"""Fewer, when so many of them are about errors: each line of these has to be read."""
FILES = 50
"""So many logs are read, the ones written last first."""
_PIECE = 256 * 1024
_NO_FILE = {FileKind.FOLDER: "it is a folder", FileKind.OTHER: "it is no regular file"}
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def collect(
    system: System, service: Service, since: float | None, everything: bool = False
) -> Reading[tuple[LogExcerpt, ...]]:
    """The errors in every log that the profile's patterns match, ``dated`` by the present instance."""
    return dated(read(system, service, everything), since)


def dated(reading: Reading[tuple[LogExcerpt, ...]], since: float | None) -> Reading[tuple[LogExcerpt, ...]]:
    """An error without a timestamp, in a log last written before ``since``, gets the time of that writing.

    It cannot be younger. ``since`` is when the present instance was started (None: none runs). Old errors are
    kept: judging is the checks' business, by ``last_at``.
    """
    if since is None:
        return reading
    return structs.replace(reading, value=tuple(_dated(excerpt, since) for excerpt in reading.value))


def _dated(excerpt: LogExcerpt, since: float) -> LogExcerpt:
    if excerpt.modified >= since:
        return excerpt
    errors = tuple(
        error if error.last_at is not None else structs.replace(error, last_at=excerpt.modified)
        for error in excerpt.errors
    )
    return structs.replace(excerpt, errors=errors)


def read(system: System, service: Service, everything: bool = False) -> Reading[tuple[LogExcerpt, ...]]:
    """The errors in every log that the profile's patterns match, what cannot be read first.

    Incomplete when a log, or the folder of one, could not be read. A folder or a FIFO that a pattern
    happens to match is only noted; one that the profile names is a log that cannot be read.
    """
    paths, problems = _paths(system, service)
    logs: list[tuple[str, FileStatus]] = []
    excerpts: list[LogExcerpt] = []
    for path in paths:
        found = _regular(system, path)
        if isinstance(found, LogExcerpt):
            excerpts.append(found)
        elif found is not None:
            logs.append((path, found))
    newest = sorted(logs, key=lambda log: -log[1].modified)[:FILES]
    notes = [f"of {len(logs)} logs only the {FILES} written last were read"] if len(logs) > FILES else []
    for path, status in (log for log in logs if log in newest):
        excerpt, forgotten = _excerpt(system, path, status, everything)
        excerpts.append(excerpt)
        if forgotten:
            notes.append(f"{path}: of more than {KINDS_KEPT} kinds of errors {forgotten} are left out")
    named = {service.path(pattern) for pattern in service.logs}
    for excerpt in excerpts:
        if excerpt.problem is not None:
            by_chance = excerpt.problem in _NO_FILE.values() and excerpt.path not in named
            (notes if by_chance else problems).append(f"{excerpt.path}: {excerpt.problem}")
    return Reading(tuple(excerpts), "; ".join(problems + notes) or None, complete=not problems)


def _paths(system: System, service: Service) -> tuple[list[str], list[str]]:
    """The paths that match, each file once, and the folders that could not be looked into."""
    found: dict[str, str] = {}
    problems: list[str] = []
    for pattern in service.logs:
        wild = _is_pattern(pattern)
        matching = system.paths(service.pattern(pattern)) if wild else (service.path(pattern),)
        for path in matching:
            found.setdefault(system.resolve(path), path)
        folder = service.path(posixpath.dirname(pattern))
        if not matching and not _is_pattern(posixpath.dirname(pattern)):
            names = system.names(folder)
            if not names.complete:
                problems.append(f"{folder}: {names.problem}")
    return list(found.values()), problems


def _is_pattern(path: str) -> bool:
    return any(mark in path for mark in "*?[")


def _regular(system: System, path: str) -> FileStatus | LogExcerpt | None:
    """The status of a regular file; an excerpt with a problem for what cannot be read as one."""
    status = system.status(path)
    if status.value is not None and status.value.kind is FileKind.SYMLINK:
        status = system.status(system.resolve(path))
    if not status.complete:
        return LogExcerpt(path=path, size=0, modified=0.0, read_from=0, problem=status.problem)
    if status.value is None:
        return None
    if status.value.kind is not FileKind.REGULAR:
        problem = _NO_FILE.get(status.value.kind, _NO_FILE[FileKind.OTHER])
        return LogExcerpt(path=path, size=0, modified=status.value.modified, read_from=0, problem=problem)
    return status.value


def _excerpt(system: System, path: str, status: FileStatus, everything: bool) -> tuple[LogExcerpt, int]:
    """What the log, or its end, says, and how many kinds of errors were too many."""
    log = TracebackLog(system.now())
    problem: list[str] = []
    start = _read(system, path, status.size, everything, log, problem)
    log.close()
    excerpt = LogExcerpt(
        path=path,
        size=status.size,
        modified=status.modified,
        read_from=start,
        errors=log.errors,
        problem="; ".join(problem) or None,
    )
    return excerpt, log.forgotten


def _read(
    system: System, path: str, size: int, everything: bool, log: TracebackLog, problem: list[str]
) -> int:
    """Reads the log, or its end; gives where it began."""
    head = system.read(path, 2)
    encoding = _WIDE.get(head.value, "utf-8")
    found = spots(system, path) if everything and encoding == "utf-8" and size >= LARGE else None
    if found is not None:
        visit(system, path, size, log, found)
        return 0
    start = 0 if everything else _start(system, path, size)
    start += start % 2 if encoding != "utf-8" else 0
    pieces = _pieces(system, path, start, size, problem)
    for block in blocks(pieces if encoding == "utf-8" else _narrowed(pieces, encoding)):
        if start and log.lines == 0:
            # The line in whose middle the reading begins is counted, but what is left of it says nothing.
            feed(log, block[max(0, block.find(b"\n")) :] if b"\n" in block else b"")
        else:
            feed(log, block)
    return start


def _pieces(system: System, path: str, start: int, end: int, problem: list[str]) -> Iterator[bytes]:
    """The bytes from ``start`` to ``end``, as far as they are still there."""
    while start < end:
        piece = system.read(path, min(_PIECE, end - start), start)
        if not piece.complete:
            problem.append(piece.problem or "it could not be read")
        if not piece.value:
            return
        yield piece.value
        start += len(piece.value)


def _narrowed(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
    for piece in pieces:
        yield decoder.decode(piece).encode(errors="backslashreplace")
    yield decoder.decode(b"", final=True).encode(errors="backslashreplace")


def _start(system: System, path: str, size: int) -> int:
    """Where to begin so that the end of the log is read, and not too much of it is about errors."""
    start, about_errors = size, 0
    while start > max(0, size - TAIL) and about_errors < TELLING:
        before = max(0, size - TAIL, start - _PIECE)
        about_errors += telling(system.read(path, start - before, before).value)
        start = before
    return start
