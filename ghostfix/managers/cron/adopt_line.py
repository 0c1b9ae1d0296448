"""Giving the service to cron: one line more at the end of a crontab."""

import posixpath
from typing import ClassVar

from ghostfix.managers.cron.crontab import parse, split_lines
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Phase, Refused, SavedFile, Shared, Step, Unneeded

_SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"})


class AdoptCronLine(Step, frozen=True, kw_only=True, tag="adopt-cron-line"):
    """Adds the line and changes no other byte; cron starts the service within a minute."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to cron: add one locked line to a crontab"

    tab: CrontabFile
    text: bytes
    """The line with its newline."""

    def preview(self) -> str:
        return f"give it to cron: add a line to the {self.tab}; cron starts it within a minute"

    def diff(self) -> tuple[str, ...]:
        return (f"--- {self.tab}", f"+++ {self.tab}", f"+{self.text.decode().rstrip()}")

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (self.tab.shared(system),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            return Refused(reading.problem or f"the {self.tab} cannot be read")
        if self.text in split_lines(reading.value or b""):
            return Unneeded(f"the line is in the {self.tab} already")
        shell = self._shell(reading.value or b"")
        if posixpath.basename(shell) not in _SHELLS:
            return Refused(f"the {self.tab} sets SHELL={shell}, which does not read the line as sh does")
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
        """Gives the crontab back byte for byte; where it was edited since, the line alone is taken out.

        cron does not know what it has started, so that runs on.
        """
        before = captured.files[0].content
        if captured.cut_off and self.text not in split_lines(before or b""):
            after = self._with_line(before or b"")
            self.tab.tidy(system, before, after)
            if self.tab.put_right(system, before, after):
                return f"the {self.tab} had been cut short; it is as it was before, byte for byte"
        now = self._content(system)
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

    def _shell(self, before: bytes) -> str:
        """What would read the line: what the last assignment above it says."""
        jobs = parse(self._with_line(before), has_users=self.tab.has_users).jobs
        return (jobs[-1].variable("SHELL") if jobs else None) or "/bin/sh"

    def _with_line(self, before: bytes) -> bytes:
        """A last line without a newline would be no line for cron; and ours would become a part of it."""
        return before + (b"\n" if before and not before.endswith(b"\n") else b"") + self.text

    def _content(self, system: System) -> bytes | None:
        reading = self.tab.read(system)
        if not reading.complete or reading.problem is not None:
            raise StepError(reading.problem or f"the {self.tab} cannot be read")
        return reading.value
