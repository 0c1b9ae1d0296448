"""Moves a PID file aside that names no process of the service any more."""

import posixpath
from typing import ClassVar

from msgspec import structs

from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileKind, FileStatus, PidFile
from ghostfix.model.step import Captured, Phase, Refused, SavedFile, Step, Unneeded
from ghostfix.service.instance import is_service
from ghostfix.service.passwd import name_of
from ghostfix.service.pid_file import parse_pid
from ghostfix.steps.moved_files import moved_to

_READ = 4096
_OTHERS_WRITE = 0o002
# A daemon writes its PID file when it has started; file systems round times to as much as 1 s.
_ROUNDING = 1.0


class RemovePidFile(Step, frozen=True, kw_only=True, tag="remove-pidfile"):
    """Renames the file, so that nothing is lost; never one that was written since the plan was made."""

    phase: ClassVar[Phase] = Phase.CLEAN
    title: ClassVar[str] = "Moves a PID file aside that names no process of the service"

    pidfile: PidFile
    service: Service | None = None
    """Tells the service from a stranger that has the PID; without it, any possible writer counts."""

    def preview(self) -> str:
        names = "no PID" if self.pidfile.pid is None else f"pid {self.pidfile.pid}"
        return f"move the PID file {self.pidfile.path} aside (it names {names})"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        path = self.pidfile.path
        reading = system.status(path)
        if not reading.complete:
            return Refused(f"{path} cannot be looked at: {reading.problem}")
        if reading.value is None:
            return Unneeded(f"{path} is gone already")
        if reading.value.kind is not FileKind.REGULAR:
            return Refused(f"{path} is not a regular file")
        if self.pidfile.status is None or not _same_file(self.pidfile.status, reading.value):
            return Refused(f"{path} was written or replaced since the plan was made")
        theirs = self._foreign(system, reading.value)
        if theirs is not None:
            return theirs
        content = system.read_as_owner(path, _READ)
        if not content.complete:
            return Refused(f"{path} is not moved: {content.problem}")
        if content.value != self.pidfile.content:
            return Refused(f"{path} does not hold any more what it held when the plan was made")
        if system.is_locked(path):
            return Refused(f"a process holds a lock on {path}")
        return self._owner(system, reading.value)

    def capture(self, system: System) -> Captured:
        saved = SavedFile(
            path=self.pidfile.path,
            content=self.pidfile.content,
            status=system.status(self.pidfile.path).value,
        )
        return Captured(files=(saved,))

    def apply(self, system: ActingSystem) -> str:
        if self.pidfile.status is None:
            raise ChangedError(f"it was not seen which file {self.pidfile.path} is")
        aside = system.move_aside(self.pidfile.path, self.pidfile.status, self.pidfile.content)
        return f"moved to {posixpath.basename(aside)}, beside it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        (saved,) = captured.files
        here = system.status(saved.path).value
        if saved.status is None or (here is not None and here.inode == saved.status.inode):
            return f"{saved.path} is in its place"
        aside = moved_to(system, saved.path, saved.status)
        renamed = ""
        if here is not None and self._is_left_over(system, here):
            left = system.move_aside(saved.path, here, system.read(saved.path, _READ).value)
            renamed = f"; the one of a process that has ended since is {posixpath.basename(left)} now"
        elif here is not None:
            former = "" if aside is None else f"; the former file is {aside}"
            raise ChangedError(f"{saved.path} was written again since, and stays{former}")
        if aside is not None:
            system.move_back(aside, saved.path)
            return f"{saved.path} is back in its place{renamed}"
        if saved.content is None or len(saved.content) != saved.status.size:
            raise ChangedError(f"{saved.path} was moved aside, and is not there any more")
        system.create(saved.path, saved.content, saved.status.mode)
        return f"{saved.path} was written again: what had been moved aside is gone{renamed}"

    def _is_left_over(self, system: System, here: FileStatus) -> bool:
        """Whether the file that is there now names a process that has ended: one that the repair started.

        Its undo has ended that process before, and what it left is not in use.
        """
        content = system.read(self.pidfile.path, _READ)
        pid = parse_pid(content.value) if content.complete and here.kind is FileKind.REGULAR else None
        if pid is None or here.size > len(content.value) or system.is_locked(self.pidfile.path) is not False:
            return False
        process = system.process(pid)
        return process is None or not process.alive

    def _foreign(self, system: System, status: FileStatus) -> Refused | None:
        """Whether a user put it there who has no say in it, as any user can in ``/tmp``."""
        folder = system.status(system.resolve(posixpath.dirname(self.pidfile.path))).value
        if folder is None or not folder.mode & _OTHERS_WRITE:
            return None
        services = None if self.service is None else system.status(self.service.directory).value
        trusted = {0, system.caller().uid, folder.uid, *(() if services is None else (services.uid,))}
        if status.uid in trusted:
            return None
        owner = name_of(system, status.uid) or f"uid {status.uid}"
        return Refused(
            f"{self.pidfile.path} is {owner}'s, in a folder where anybody may write, and is not moved"
        )

    def _owner(self, system: System, status: FileStatus) -> Refused | None:
        """Whether the process that the file names may be the one that wrote it."""
        process = (
            None if self.pidfile.pid is None or self.pidfile.pid < 1 else system.process(self.pidfile.pid)
        )
        if process is None or not process.alive or not self._may_own(system, process, status):
            return None
        return Refused(
            f"pid {process.pid} ({process.name}) runs, and may be the one that wrote {self.pidfile.path}"
        )

    def _may_own(self, system: System, process: Process, status: FileStatus) -> bool:
        if self.service is None:
            return process.id.started <= status.modified + _ROUNDING
        return is_service(self.service, _with_detail(system, process))


def _with_detail(system: System, process: Process) -> Process:
    return structs.replace(process, detail=system.detail(process))


def _same_file(one: FileStatus, other: FileStatus) -> bool:
    return (one.device, one.inode, one.size, one.modified, one.uid) == (
        other.device,
        other.inode,
        other.size,
        other.modified,
        other.uid,
    )
