"""Giving the service to cron: one line more at the end of a crontab."""

from typing import ClassVar

from ghostfix.errors import StepError
from ghostfix.machine import ActingSystem, System
from ghostfix.managers.tab import Tab
from ghostfix.parsers.crontab import split_lines
from ghostfix.step import Captured, Phase, Refused, SavedFile, Step, Unneeded


class AdoptCronLine(Step, frozen=True, kw_only=True, tag="adopt-cron-line"):
    """Adds the line and changes no other byte; cron starts the service within a minute."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to cron: add one locked line to a crontab"

    tab: Tab
    text: bytes
    """The line with its newline."""

    def preview(self) -> str:
        return f"give it to cron: add a line to the {self.tab}; cron starts it within a minute"

    def diff(self) -> tuple[str, ...]:
        return (f"--- {self.tab}", f"+++ {self.tab}", f"+{self.text.decode().rstrip()}")

    def precondition(self, system: System) -> Refused | Unneeded | None:
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            return Refused(reading.problem or f"the {self.tab} cannot be read")
        if self.text in split_lines(reading.value or b""):
            return Unneeded(f"the line is in the {self.tab} already")
        return None

    def capture(self, system: System) -> Captured:
        """The whole crontab; no content when there is none."""
        return Captured(files=(SavedFile(path=str(self.tab), content=self._content(system)),))

    def apply(self, system: ActingSystem) -> str:
        before = self._content(system)
        if self.text not in split_lines(before or b""):
            self.tab.install(system, before, self._with_line(before or b""))
        return f"the line is in the {self.tab}; cron looks at the full minute"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        """Gives the crontab back byte for byte; where it was edited since, the line alone is taken out."""
        before, now = captured.files[0].content, self._content(system)
        if self.text in split_lines(before or b"") or now is None or self.text not in split_lines(now):
            return f"the {self.tab} is as it was"
        if now == self._with_line(before or b""):
            self.tab.install(system, now, before)
            return (
                f"the {self.tab} is as it was, byte for byte" if before else f"the {self.tab} is gone again"
            )
        rest = list(split_lines(now))
        rest.remove(self.text)
        self.tab.install(system, now, b"".join(rest))
        return f"the line is out of the {self.tab}; what was edited since stays"

    def _with_line(self, before: bytes) -> bytes:
        """A last line without a newline would be no line for cron; and ours would become a part of it."""
        return before + (b"\n" if before and not before.endswith(b"\n") else b"") + self.text

    def _content(self, system: System) -> bytes | None:
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            raise StepError(reading.problem or f"the {self.tab} cannot be read")
        return reading.value
