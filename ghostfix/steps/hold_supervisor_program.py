"""Holding a program of supervisord: ``autostart=false`` in its configuration, and an update."""

import re
from typing import ClassVar

from ghostfix.errors import ChangedError, StepError
from ghostfix.machine import ActingSystem, System
from ghostfix.step import Captured, Fact, Phase, Refused, SavedFile, Step, Unneeded
from ghostfix.supervisor_config import read_config

_LIMIT = 1 << 20
_AUTOSTART = re.compile(rb"^\s*autostart\s*[=:]", re.IGNORECASE)
_LINE = b"autostart=false ; held by ghostfix: `ghostfix undo` gives back what was here\n"


class HoldSupervisorProgram(Step, frozen=True, kw_only=True, tag="hold-supervisor-program"):
    """Keeps supervisord from starting a program, now and after a reload (a mere ``stop`` is lost on one)."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a supervisord program"

    program: str
    file: str
    """Where the program's section stands."""
    config: str
    """The configuration that its supervisord was started with."""

    def preview(self) -> str:
        return f"hold supervisord program {self.program}: autostart=false in {self.file}, then `update`"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        reading = system.read(self.file, _LIMIT)
        if not reading.complete:
            return Refused(f"{self.file} could not be read: {reading.problem}")
        if self._line(reading.value) is None:
            return Refused(f"{self.file} has no program {self.program} any more")
        if _LINE in reading.value and held(reading.value, self._line(reading.value) or 0) == reading.value:
            return Unneeded(f"{self.program} is held already")
        return None

    def capture(self, system: System) -> Captured:
        content = system.read(self.file, _LIMIT).value
        status = system.status(self.file).value
        states = system.ask(("supervisorctl", "-c", self.config, "status"), timeout=5.0).text
        active = any(
            line.split()[0].partition(":")[0] == self.program and "RUNNING" in line
            for line in states.splitlines()
            if line.split()
        )
        return Captured(
            files=(SavedFile(path=self.file, content=content, status=status),),
            facts=(Fact("active", "yes" if active else "no"),),
        )

    def apply(self, system: ActingSystem) -> str:
        content = system.read(self.file, _LIMIT).value
        status, line = system.status(self.file).value, self._line(content)
        if status is None or line is None:
            raise ChangedError(f"{self.file} has no program {self.program} any more")
        system.replace(self.file, held(content, line), status, content)
        self._update(system)
        return f"{self.program} is stopped, and supervisord does not start it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0]
        content, status = system.read(self.file, _LIMIT).value, system.status(self.file).value
        if saved.content is None or status is None:
            raise ChangedError(f"{self.file} is gone; nothing was put back")
        if content != saved.content:
            line = self._line(saved.content)
            if line is None or content != held(saved.content, line):
                raise ChangedError(f"{self.file} was changed by somebody; it is left as it is")
            system.replace(self.file, saved.content, status, content)
        self._update(system)
        if captured.fact("active") == "yes":
            self._supervisorctl(system, "start", f"{self.program}:*")
        return f"{self.file} is as it was, and supervisord has read it again"

    def _line(self, content: bytes) -> int | None:
        """The number of the section's header line."""
        programs = read_config(content.decode(errors="backslashreplace"), self.file).programs
        return next((program.line for program in programs if program.name == self.program), None)

    def _update(self, system: ActingSystem) -> None:
        self._supervisorctl(system, "reread")
        self._supervisorctl(system, "update", self.program)

    def _supervisorctl(self, system: ActingSystem, *words: str) -> None:
        answer = system.command(("supervisorctl", "-c", self.config, *words), timeout=60.0)
        already = b"already started" in answer.stdout
        if answer.status != 0 and not already:
            complaint = answer.text.strip() or answer.complaint
            raise StepError(f"`supervisorctl {' '.join(words)}` failed: {complaint}")


def held(content: bytes, line: int) -> bytes:
    """The file with ``autostart=false`` in the section that begins at ``line`` (from 1); one line differs."""
    lines = content.splitlines(keepends=True)
    for index in range(line, len(lines)):
        if lines[index].lstrip().startswith(b"["):
            break
        if _AUTOSTART.match(lines[index]):
            return b"".join((*lines[:index], _LINE, *lines[index + 1 :]))
    header = lines[line - 1] if lines[line - 1].endswith(b"\n") else lines[line - 1] + b"\n"
    return b"".join((*lines[: line - 1], header, _LINE, *lines[line:]))
