"""Logs: what the service's logs say went wrong.

Of each log the end is read, or all of it when that is asked for; in pieces, so that neither a huge log nor a
huge line costs memory. No log has to be rotated for ghostfix, and a log that is not there is no problem.
"""

import codecs
import posixpath
from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service, as_pattern
from ghostfix.model.snapshot import FileKind, FileStatus, LogExcerpt, LoggedError
from ghostfix.survey.logs.error_tally import KINDS_KEPT, kind_of
from ghostfix.survey.logs.log_blocks import blocks, error_bytes, feed
from ghostfix.survey.logs.log_end import LogEnd, read_end
from ghostfix.survey.logs.log_line import WrittenLine
from ghostfix.survey.logs.log_scan import LARGE, spots, visit
from ghostfix.survey.logs.traceback_log import TracebackLog

TAIL = 2 * 1024 * 1024
"""So many bytes of the end of a log are read."""
ERROR_BYTES = 256 * 1024
"""Fewer, when so many of them are about errors: each line of these has to be read."""
END = 32 * 1024
"""So many bytes of the end of a log are read for what ended the service."""
ENDS = 10
"""Of so many logs, those written last, the ends are read: the older ones say nothing of the last end."""
FILES = 50
"""So many logs are read, the ones written last first."""
_PIECE = 256 * 1024
_NO_FILE = {FileKind.FOLDER: "it is a folder", FileKind.OTHER: "it is no regular file"}
_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class ReadLog(Struct, frozen=True):
    """One log that was read, and the reader, who knows when each error came."""

    excerpt: LogExcerpt
    log: TracebackLog | None = None


def collect(
    system: System, service: Service, since: float | None, everything: bool = False
) -> Reading[tuple[LogExcerpt, ...]]:
    """The errors in every log that the profile's patterns match, ``dated`` by the present instance."""
    return dated(read(system, service, everything), since)


def dated(reading: Reading[tuple[ReadLog, ...]], since: float | None) -> Reading[tuple[LogExcerpt, ...]]:
    """How many errors of each kind came ``since`` the present instance was started (None: none runs).

    An error without a timestamp, in a log last written before that, gets the time of that writing: it cannot
    be younger. Old errors are kept: judging is the checks' business, by ``last_at`` and ``since_start``.
    """
    return Reading(tuple(_dated(each, since) for each in reading.value), reading.problem, reading.complete)


def _dated(read_log: ReadLog, since: float | None) -> LogExcerpt:
    excerpt, log = read_log.excerpt, read_log.log
    if since is None or log is None:
        return excerpt
    old = excerpt.modified < since
    errors = tuple(
        structs.replace(
            error,
            since_start=log.since(known, since),
            last_at=excerpt.modified if old and error.last_at is None else error.last_at,
        )
        for known, error in zip(log.errors, excerpt.errors, strict=True)
    )
    return structs.replace(excerpt, errors=errors)


def read(system: System, service: Service, everything: bool = False) -> Reading[tuple[ReadLog, ...]]:
    """The errors in every log that the profile's patterns match, what cannot be read first.

    Incomplete when a log, or the folder of one, could not be read. A folder or a FIFO that a pattern
    happens to match is only noted; one that the profile names is a log that cannot be read.
    """
    paths, problems = _paths(system, service)
    logs: list[tuple[str, FileStatus]] = []
    found_logs: list[ReadLog] = []
    for path in paths:
        found = _regular(system, path)
        if isinstance(found, LogExcerpt):
            found_logs.append(ReadLog(found))
        elif found is not None:
            logs.append((path, found))
    newest = sorted(logs, key=lambda log: -log[1].modified)[:FILES]
    notes = [f"of {len(logs)} logs only the {FILES} written last were read"] if len(logs) > FILES else []
    for path, status in (log for log in logs if log in newest):
        ends = (path, status) in newest[:ENDS]
        found_logs.append(read_log := _read_log(system, service, path, status, everything, ends))
        if read_log.log is not None and read_log.log.forgotten:
            left_out = read_log.log.forgotten
            notes.append(f"{path}: of more than {KINDS_KEPT} kinds of errors {left_out} are left out")
    named = {service.path(pattern) for pattern in service.logs}
    for excerpt in (each.excerpt for each in found_logs):
        if excerpt.problem is not None:
            by_chance = excerpt.problem in _NO_FILE.values() and excerpt.path not in named
            (notes if by_chance else problems).append(f"{excerpt.path}: {excerpt.problem}")
    return Reading(tuple(found_logs), "; ".join(problems + notes) or None, complete=not problems)


def of_jobs(jobs: Iterable[Job]) -> tuple[str, ...]:
    """The files that take what a service prints, by what its managers and starters say."""
    return tuple(dict.fromkeys(path for job in jobs for path in job.logs))


def read_known(
    system: System, service: Service, known: tuple[str, ...], everything: bool = False
) -> Reading[tuple[ReadLog, ...]]:
    """``read`` of the logs of a profile that names none: those that its jobs are known to write.

    The profile does not name them: one that cannot be read is noted, and not missed.
    """
    patterns = tuple(as_pattern(path) for path in known)
    reading = read(system, structs.replace(service, logs=patterns), everything)
    return Reading(reading.value, reading.problem)


def _paths(system: System, service: Service) -> tuple[list[str], list[str]]:
    """The paths that match, each file once, and the folders that could not be read."""
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


def _read_log(
    system: System, service: Service, path: str, status: FileStatus, everything: bool, ends: bool
) -> ReadLog:
    """What the log, or its end, says; ``ends``: and what it says at its very end."""
    log = TracebackLog(system.now(), folder=service.directory)
    problem: list[str] = []
    start = _read(system, path, status.size, everything, log, problem)
    log.close(status.modified)
    end = _end(system, service, path, status) if ends else None
    errors, ending = (log.errors, None) if end is None else _joined(log, end)
    excerpt = LogExcerpt(
        path=path,
        size=status.size,
        modified=status.modified,
        read_from=start,
        errors=errors,
        ending=ending,
        last_lines=() if end is None else end.last_lines,
        problem="; ".join(problem) or None,
    )
    return ReadLog(excerpt, log)


def _end(system: System, service: Service, path: str, status: FileStatus) -> LogEnd:
    """What stands at the very end of the log."""
    start = max(0, status.size - END)
    encoding = _WIDE.get(system.read(path, 2).value, "utf-8")
    start += start % 2 if encoding != "utf-8" else 0
    text = system.read(path, END, start).value.decode(encoding, errors="backslashreplace")
    lines = text.removesuffix("\n").split("\n")
    whole = lines[1:] if start and len(lines) > 1 else lines
    return read_end(
        (WrittenLine(line) for line in whole),
        system.now(),
        folder=service.directory,
        written=status.modified,
    )


def _joined(log: TracebackLog, end: LogEnd) -> tuple[tuple[LoggedError, ...], LoggedError | None]:
    """The errors of a log with the one that stands at its end, whose words say more.

    Its line is counted like theirs, and 0 where that is not known.
    """
    errors, ending = log.errors, end.ending
    if ending is None:
        return errors, None
    line = 0 if log.sparse else ending.last_line + max(0, log.lines - end.lines)
    kind = kind_of(ending.exception, ending.message, ending.handled)
    for number, error in enumerate(errors):
        same_kind = kind_of(error.exception, error.message, error.handled) == kind
        if not error.handled and (same_kind or error.last_line == line):
            known = structs.replace(
                ending,
                count=error.count,
                first_line=error.first_line,
                last_line=error.last_line,
                first_at=ending.first_at if error.first_at is None else error.first_at,
                last_at=ending.last_at if error.last_at is None else error.last_at,
                place=ending.place or error.place,
            )
            return (*errors[:number], known, *errors[number + 1 :]), known
    return errors, structs.replace(ending, first_line=line, last_line=line)


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
    while start > max(0, size - TAIL) and about_errors < ERROR_BYTES:
        before = max(0, size - TAIL, start - _PIECE)
        about_errors += error_bytes(system.read(path, start - before, before).value)
        start = before
    return start
