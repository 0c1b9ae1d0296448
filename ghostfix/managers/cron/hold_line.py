"""Holding one line of a crontab: it becomes a comment that carries it, and nothing else changes."""

from typing import ClassVar

from ghostfix.managers.cron.crontab import held, line_at, split_lines, with_line
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Captured, Phase, Refused, SavedFile, Shared, Step, Unneeded


class HoldCronLine(Step, frozen=True, kw_only=True, tag="hold-cron-line"):
    """Turns line ``line`` of a crontab into a comment; its bytes must be ``source``."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "turn one crontab line into a comment that carries it"

    tab: CrontabFile
    line: int
    source: bytes

    def preview(self) -> str:
        """Which line of which crontab, and what it says."""
        return f"hold {self.tab} line {self.line} (it becomes a comment): {_shown(self.source)}"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (self.tab.shared(system),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        """The line must still be, byte for byte, the one of the plan."""
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            return Refused(reading.problem or f"{self.tab} cannot be read")
        if reading.value is None:
            return Refused(f"{self.tab} is gone since the plan was made")
        here = line_at(reading.value, self.line)
        if here == held(self.source):
            return Unneeded(f"line {self.line} of {self.tab} is held already")
        if here != self.source:
            return Refused(self._changed(here))
        return self._refused_path(system)

    def capture(self, system: System) -> Captured:
        """The whole crontab."""
        path = self.tab.path
        status = None if path is None else system.status(path).value
        saved = SavedFile(path=str(self.tab), content=self._content(system), status=status)
        return Captured(files=(saved,))

    def apply(self, system: ActingSystem) -> str:
        """Exchanges the line, installs, reads back and compares every byte."""
        before = self._content(system)
        here = line_at(before, self.line)
        if here == held(self.source):
            return f"line {self.line} of {self.tab} was held already"
        if here != self.source:
            raise ChangedError(self._changed(here))
        self.tab.install(system, before, with_line(before, self.line, held(self.source)))
        return f"line {self.line} of {self.tab} is held"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        """Puts the line back where its comment stands now; whatever else was edited since stays."""
        saved = next((file.content for file in captured.files if file.content is not None), None)
        if saved is None:
            return self._release(system)
        after = with_line(saved, self.line, held(self.source))
        if after == saved:
            return f"line {self.line} of {self.tab} was held before this run, and stays held"
        if captured.cut_off:
            self.tab.tidy(system, saved, after)
            if self.tab.put_right(system, saved, after):
                return f"{self.tab} had been cut short; it is as it was before, byte for byte"
        return self._release(system)

    def _release(self, system: ActingSystem) -> str:
        now = self._content(system)
        number = self._held_at(now)
        if number is None:
            if self.source in split_lines(now):
                return f"line {self.line} of {self.tab} is not held"
            raise ChangedError(f"the line held in {self.tab} is not there any more: {_shown(self.source)}")
        self.tab.install(system, now, with_line(now, number, self.source))
        return f"line {number} of {self.tab} is released"

    def _held_at(self, content: bytes) -> int | None:
        """The number of the line that carries the original: its own, or the nearest one after an edit."""
        if line_at(content, self.line) == self.source:
            return None
        numbers = [
            number for number, raw in enumerate(split_lines(content), start=1) if raw == held(self.source)
        ]
        return min(numbers, key=lambda number: abs(number - self.line), default=None)

    def _content(self, system: System) -> bytes:
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            raise StepError(reading.problem or f"{self.tab} cannot be read")
        if reading.value is None:
            raise ChangedError(f"{self.tab} is gone")
        return reading.value

    def _changed(self, here: bytes | None) -> str:
        now = "does not exist" if here is None else f"reads {_shown(here)}"
        return f"{self.tab} changed since the plan was made: line {self.line} now {now}"

    def _refused_path(self, system: System) -> Refused | None:
        if self.tab.path is None:
            missing = system.program("crontab") is None
            return Refused("there is no crontab program to install it with") if missing else None
        status = system.status(self.tab.path).value
        if status is None or status.kind is not FileKind.REGULAR:
            return Refused(f"{self.tab.path} is not a regular file, and is only edited where it is kept")
        return None


def _shown(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode(errors="backslashreplace")
