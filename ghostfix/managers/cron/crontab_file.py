r"""Crontab file: where one crontab is kept, and how it is read and exchanged.

A user's crontab is read and installed with the ``crontab`` program, a system-wide one as a file. The
program keeps a header of three lines on top of what it was given; some list it, some do not, and one that
lists it adds another when it is given back. So what counts as equal is the content below the header.

Debian's program (cron 3.0pl1-149 and later) lists a carriage return as ``\r`` and a backspace as ``\b``:
given back, they would be those letters for good. Only the file in the spool shows it, which root can read.
"""

import posixpath
import re
from contextlib import suppress

from msgspec import Struct

from ghostfix.managers.cron.crontab import without_header
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, CommandAnswer, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileKind, FileStatus
from ghostfix.model.step import Shared
from ghostfix.service.passwd import name_of

SPOOLS = (
    "/var/spool/cron/crontabs",  # Debian, BusyBox
    "/var/spool/cron/tabs",  # SUSE
    "/var/spool/cron",  # cronie
    "/usr/lib/cron/tabs",  # macOS
    "/var/cron/tabs",  # FreeBSD
)
"""Folders in which a cron keeps its users' crontabs, one file each, named after the user."""

_LIMIT = 4 * 1024 * 1024
_TIMEOUT = 10.0
_DEBIAN = "/etc/debian_version"
_TEMPORARY = Pattern(r"tmp\.\w{6,10}")
_ESCAPES = Pattern(rb"\\[rb]")
_NOTHING = Pattern(r"no crontab|can't open '[^']*': no such file", re.IGNORECASE)  # the latter: BusyBox


class CrontabFile(Struct, frozen=True, kw_only=True):
    """One crontab: ``path`` of a system-wide file, or else the name of the ``user`` whose it is."""

    user: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        return self.path if self.path is not None else f"crontab of {self.user}"

    @property
    def has_users(self) -> bool:
        """Whether its lines have a column for the user."""
        return self.path is not None

    def shared(self, system: System) -> Shared:
        """What everybody locks who edits it: the spool, or the folder of a system-wide one."""
        if self.path is not None:
            return Shared(posixpath.dirname(self.path))
        return Shared(_spool(system) or "/", self.user)

    def read(self, system: System) -> Reading[bytes | None]:
        """Its bytes; None when there is no such crontab, incomplete when it could not be read.

        A problem although complete: these may not be the exact bytes, so they must not be given back.
        """
        if self.path is not None:
            return _read_file(system, self.path, str(self))
        if system.program("crontab") is None:
            return self._read_spool(system, "there is no crontab program")
        answer = system.ask(self._argv(system, "-l"), timeout=_TIMEOUT)
        if answer.status == 0:
            return self._exact(system, _bounded(answer.stdout, str(self)))
        complaint = _complaint(answer)
        if answer.status is not None and _NOTHING.search(complaint):
            return Reading(None)
        return self._read_spool(system, complaint)

    def install(self, system: ActingSystem, before: bytes | None, content: bytes | None) -> None:
        """Exchanges ``before`` for ``content``, and reads back.

        None stands for a user without a crontab. Raises ChangedError when it does not hold ``before``,
        StepError when it could not be exchanged: then ``before`` is put back, unless the crontab holds
        neither the one nor the other, for that is another user's edit. An edit that is saved between the
        last reading and the program's own writing (some milliseconds) is lost all the same: crontab(1)
        compares nothing.
        """
        _let_cron_scan(system)
        if self.path is None:
            self._give(system, before, content)
        elif before is None or content is None:
            raise ChangedError(f"{self.path} is neither made nor removed")
        else:
            self._replace(system, before, content)

    def _replace(self, system: ActingSystem, before: bytes, content: bytes) -> None:
        path = str(self.path)
        status = system.status(path).value
        if status is None or status.kind is not FileKind.REGULAR:
            raise ChangedError(f"{path} is not a regular file any more")
        system.replace(path, content, status, before)
        if self.read(system).value != content:
            raise StepError(f"{path} does not read as it was written")

    def _give(self, system: ActingSystem, before: bytes | None, content: bytes | None) -> None:
        reading = self.read(system)
        if reading.value != before or reading.problem is not None:
            raise ChangedError(f"{self} changed at this very moment")
        try:
            self._pipe_and_compare(system, content)
        except StepError as error:
            now = self.read(system).value
            if now == before:
                raise StepError(f"{error}; it is as it was before") from error
            if not _is_of(now, content):
                raise StepError(
                    f"{error}; it holds neither its former content nor the new one, so it is left as it is"
                ) from error
            try:
                self._pipe_and_compare(system, before)
            except StepError as second:
                raise StepError(f"{error}; putting the former content back failed too: {second}") from error
            raise StepError(f"{error}; the former content is back") from error

    def _pipe_and_compare(self, system: ActingSystem, content: bytes | None) -> None:
        """Installs, and once more without the header where the program lists its own."""
        if content is None:
            self._remove(system)
            return
        self._pipe(system, content)
        listed = self.read(system).value
        if listed == content:
            return
        body = without_header(content)
        if body != content and listed is not None and without_header(listed) == content:
            self._pipe(system, body)
            listed = self.read(system).value
        if listed is None or without_header(listed) != body:
            raise StepError(f"{self} does not read as it was installed")

    def _pipe(self, system: ActingSystem, content: bytes) -> None:
        answer = system.command(self._argv(system, "-"), timeout=_TIMEOUT, stdin=content, to_its_end=True)
        if answer.status != 0:
            raise StepError(f"{self} was not accepted: {_complaint(answer)}")

    def _remove(self, system: ActingSystem) -> None:
        """``crontab -r``; a crontab that merely is empty would stay in the spool."""
        answer = system.command(self._argv(system, "-r"), timeout=_TIMEOUT, to_its_end=True)
        if self.read(system).value is not None:
            raise StepError(f"{self} was not removed: {_complaint(answer)}")

    def put_right(self, system: ActingSystem, before: bytes | None, after: bytes) -> bool:
        """Puts ``before`` back where the crontab was cut short on its way to ``after``, or back from it.

        That is: it holds the beginning of one of them, and no more. Says whether it did.
        """
        reading = self.read(system)
        now = reading.value
        if now is None or reading.problem is not None or _is_whole(now, before) or _is_whole(now, after):
            return False
        if not _is_of(now, after) and not _is_of(now, before):
            return False
        self.install(system, now, before)
        return True

    def tidy(self, system: ActingSystem, *contents: bytes | None) -> None:
        """Takes away what a crontab program that was killed has left in the spool of one of these contents.

        Only root can read there. The programs call it ``tmp.XXXXXX``, BusyBox's ``USER.new``; cron reads
        neither.
        """
        spool = _spool(system)
        if self.path is not None or spool is None or system.caller().uid != 0:
            return
        for name in system.names(spool).value:
            path = f"{spool}/{name}"
            if not _TEMPORARY.fullmatch(name) and name != f"{self.user}.new":
                continue
            status, left = system.status(path).value, system.read(path, _LIMIT + 1).value
            if status is None or status.kind is not FileKind.REGULAR or not self._is_mine(system, status):
                continue
            if any(each is not None and each.startswith(without_header(left)) for each in contents):
                with suppress(StepError):  # it is being edited at this moment, or the owner's business
                    system.remove(path, status, left)

    def _is_mine(self, system: System, status: FileStatus) -> bool:
        return name_of(system, status.uid) in (self.user, system.caller().user)

    def _argv(self, system: System, act: str) -> tuple[str, ...]:
        user = self.user or ""
        return ("crontab", act) if user == system.caller().user else ("crontab", "-u", user, act)

    def _exact(self, system: System, listing: Reading[bytes | None]) -> Reading[bytes | None]:
        """The bytes behind a listing in which some may have been written as letters."""
        content = listing.value
        if content is None or not _ESCAPES.search(content) or system.status(_DEBIAN).value is None:
            return listing
        kept = self._read_spool(system, "").value
        if kept is not None and kept.replace(b"\r", b"\\r").replace(b"\b", b"\\b") == content:
            return Reading(kept)
        return Reading(content, f"{self} is listed with \\r or \\b: only root can see its exact bytes")

    def _read_spool(self, system: System, complaint: str) -> Reading[bytes | None]:
        """The file in the spool, without its header, where the program does not help."""
        unreadable = None
        for spool in SPOOLS:
            path = f"{spool}/{self.user}"
            status = system.status(path)
            if status.value is not None and status.value.kind is FileKind.REGULAR:
                reading = _read_file(system, path, str(self))
                if reading.value is not None:
                    return Reading(without_header(reading.value))
                unreadable = reading.problem
            elif not status.complete:
                unreadable = status.problem
        missing = system.program("crontab") is None
        if missing and unreadable is None:
            return Reading(None)
        reason = f"{complaint} ({unreadable})" if missing else complaint
        return Reading(None, f"{self} cannot be read: {reason}", complete=False)


def _spool(system: System) -> str | None:
    """Where this machine's cron keeps its users' crontabs; None when that is nowhere to be seen."""
    kinds = ((spool, system.status(spool).value) for spool in SPOOLS)
    return next((spool for spool, status in kinds if status and status.kind is FileKind.FOLDER), None)


def _is_of(now: bytes | None, content: bytes | None) -> bool:
    """Whether a crontab holds what was to be installed, with or without a header, or a beginning of it."""
    if now is None or content is None:
        return now is content
    return without_header(content).startswith(without_header(now)) or content.startswith(without_header(now))


def _is_whole(now: bytes, content: bytes | None) -> bool:
    return content is not None and without_header(now) in (content, without_header(content))


def _let_cron_scan(system: ActingSystem) -> None:
    """Waits until the second is over in which cron scans for changes, if it is that one.

    Debian's cron scans at the beginning of each minute, and compares times of modification in whole seconds:
    what is written in the second of its scan, and after it, is overlooked until the next change (seen).
    """
    second = system.now() % 60
    if second < 1.0:
        system.wait(1.1 - second)


def _read_file(system: System, path: str, name: str) -> Reading[bytes | None]:
    status = system.status(path)
    if status.complete and status.value is None:
        return Reading(None)
    reading = system.read(path, _LIMIT + 1)
    if not reading.complete:
        return Reading(None, f"{name} cannot be read: {reading.problem}", complete=False)
    return _bounded(reading.value, name)


def _bounded(content: bytes, name: str) -> Reading[bytes | None]:
    """A crontab that was cut off must never be taken for a whole one."""
    if len(content) > _LIMIT:
        return Reading(None, f"{name} is larger than {_LIMIT // 1024 // 1024} MiB", complete=False)
    return Reading(content)


def _complaint(answer: CommandAnswer) -> str:
    """All that the program said, in one line: Debian's names the faulty line before the last one."""
    said = answer.stderr.decode(errors="backslashreplace").split("\n")
    lines = [line.strip() for line in said if line.strip()]
    return answer.problem or "; ".join(lines[-3:]) or f"exit status {answer.status}"
