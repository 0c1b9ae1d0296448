"""Holding a program of supervisord: ``autostart=false`` in its configuration, and a stop."""

import posixpath
import re
from typing import ClassVar

from ghostfix.managers.supervisord.config import read_config
from ghostfix.managers.supervisord.daemon import (
    EVERY,
    Daemon,
    ProgramProcess,
    command,
    complaint,
    daemon_with,
    programs_of,
    states,
)
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded

_LIMIT = 1 << 20
_SECONDS = 100.0
_AUTOSTART = Pattern(rb"^\s*autostart\s*[=:]", re.IGNORECASE)
_LINE = b"autostart=false ; held by ghostfix: `ghostfix undo` gives back what was here\n"


class HoldSupervisorProgram(Step, frozen=True, kw_only=True, tag="hold-supervisor-program"):
    """Keeps supervisord from starting a program, now and after a reload or a start of its own.

    A mere ``stop`` is lost on a reload. ``update`` is not needed for the stop to last, and would restart the
    other programs of a group.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a supervisord program"

    program: str
    file: str
    """Where the program's section stands."""
    config: str
    """The configuration that its supervisord was started with."""

    def preview(self) -> str:
        return f"hold supervisord program {self.program}: autostart=false in {self.file}, and stop it"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return tuple(
            Shared(folder) for folder in {posixpath.dirname(self.file), posixpath.dirname(self.config)}
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        reading = system.read_as_owner(self.file, _LIMIT)
        if not reading.complete:
            return Refused(reading.problem or f"{self.file} could not be read")
        line = _line(reading.value, self.file, self.program)
        if line is None:
            return Refused(f"{self.file} has no program {self.program} any more")
        if self.program == EVERY:
            return Refused(f"supervisorctl would take `{EVERY}` for every program")
        daemon = daemon_with(system, self.config)
        listed = states(system, daemon)
        if not listed.complete:
            return Refused(listed.problem or "supervisord did not answer")
        if is_held(reading.value, line) and not any(each.active for each in self._mine(system, listed.value)):
            return Unneeded(f"{self.program} is held already")
        return None

    def capture(self, system: System) -> Captured:
        mine = self._mine(system, states(system, daemon_with(system, self.config)).value)
        saved = SavedFile(
            path=self.file,
            content=system.read_as_owner(self.file, _LIMIT).value,
            status=system.status(self.file).value,
        )
        active = " ".join(each.name for each in mine if each.active)
        return Captured(files=(saved,), facts=(Fact("active", active),))

    def apply(self, system: ActingSystem) -> str:
        content, status = system.read_as_owner(self.file, _LIMIT).value, system.status(self.file).value
        line = _line(content, self.file, self.program)
        if status is None or line is None:
            raise ChangedError(f"{self.file} has no program {self.program} any more")
        if not is_held(content, line):
            system.replace(self.file, held(content, line), status, content)
        daemon = daemon_with(system, self.config)
        active = [each.name for each in self._mine(system, states(system, daemon).value) if each.active]
        if active:
            told = _supervisorctl(system, daemon, "stop", *active)
            left = [each.name for each in self._mine(system, states(system, daemon).value) if each.active]
            if left:
                raise StepError(f"supervisord did not stop {', '.join(left)}: {told}")
        return f"{self.program} is stopped, and supervisord does not start it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0]
        content, status = system.read_as_owner(self.file, _LIMIT).value, system.status(self.file).value
        if saved.content is None or status is None:
            raise ChangedError(f"{self.file} is gone; nothing was put back")
        released = content if content == saved.content else self._released(content, saved.content)
        if released is None:
            raise ChangedError(f"{self.file} was changed by somebody; it is left as it is")
        if released != content:
            system.replace(self.file, released, status, content)
        daemon = daemon_with(system, self.config)
        wanted = set((captured.fact("active") or "").split())
        down = [
            each.name
            for each in self._mine(system, states(system, daemon).value)
            if each.name in wanted and not each.active
        ]
        told = "is as it was" if released == saved.content else f"has {self.program} as it was"
        if not down:
            return f"{self.file} {told}"
        return f"{self.file} {told}; {_supervisorctl(system, daemon, 'start', *down)}"

    def _mine(self, system: System, listed: tuple[ProgramProcess, ...]) -> tuple[ProgramProcess, ...]:
        return processes_of(system, self.config, self.program, listed)

    def _released(self, content: bytes, saved: bytes) -> bytes | None:
        """The file with this program's section as it was; another's hold, or an edit elsewhere, stays.

        None when the section is neither as it was held nor as it was before.
        """
        then, now = _line(saved, self.file, self.program), _line(content, self.file, self.program)
        if then is None or now is None:
            return None
        above, here, below = _around(content, now)
        before = _around(saved, then)[1]
        if here == before:
            return content
        return above + before + below if here == _around(held(saved, then), then)[1] else None


def processes_of(
    system: System, config: str, name: str, listed: tuple[ProgramProcess, ...]
) -> tuple[ProgramProcess, ...]:
    """Those of the listed processes that belong to the program of this name."""
    programs = programs_of(system, config).value
    return tuple(
        each
        for program in programs.programs
        if program.name == name
        for each in programs.processes(program, listed)
    )


def held(content: bytes, line: int) -> bytes:
    """The file with ``autostart=false`` in the section that begins at ``line`` (from 1); one line differs."""
    lines = content.splitlines(keepends=True)
    for index in range(line, len(lines)):
        if lines[index].startswith(b"["):
            break
        if _AUTOSTART.match(lines[index]):
            return b"".join((*lines[:index], _LINE, *lines[index + 1 :]))
    header = lines[line - 1] if lines[line - 1].endswith(b"\n") else lines[line - 1] + b"\n"
    return b"".join((*lines[: line - 1], header, _LINE, *lines[line:]))


def is_held(content: bytes, line: int) -> bool:
    """Whether the section that begins at ``line`` has the line of a hold."""
    return held(content, line) == content


def _around(content: bytes, line: int) -> tuple[bytes, bytes, bytes]:
    """What stands before the section that begins at ``line`` (from 1), the section, and what comes after."""
    lines = content.splitlines(keepends=True)
    ends = (number for number in range(line, len(lines)) if lines[number].startswith(b"["))
    end = next(ends, len(lines))
    return b"".join(lines[: line - 1]), b"".join(lines[line - 1 : end]), b"".join(lines[end:])


def _line(content: bytes, file: str, name: str) -> int | None:
    """The number of the section's header line."""
    programs = read_config(content.decode(errors="backslashreplace"), file).programs
    return next((program.line for program in programs if program.name == name), None)


def _supervisorctl(system: ActingSystem, daemon: Daemon, verb: str, *names: str) -> str:
    """What it answered, in one line; whether it did its work is to be seen from the states."""
    answer = command(system, daemon, verb, *names, timeout=_SECONDS)
    if answer.status is None:
        raise StepError(f"`supervisorctl {verb}` did not end: {complaint(answer)}")
    return "; ".join(answer.text.split("\n")).strip("; ") or complaint(answer)
