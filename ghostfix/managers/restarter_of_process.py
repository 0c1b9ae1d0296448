"""Restarter of a process: one thing that started it, or will start it again, as it is printed."""

import posixpath

from msgspec import Struct

from ghostfix.managers.register import SIGNS
from ghostfix.model.reading import Confidence


class RestarterOfProcess(Struct, frozen=True, kw_only=True):
    """One restarter of one process."""

    kind: str
    id: str
    scope: str = ""
    file: str | None = None
    line: int | None = None
    text: str = ""
    """The line of the file, or the command."""
    trigger: str = ""
    """When it acts, in words; empty when it never starts this again by itself."""
    hops: tuple[str, ...] = ()
    """``file:line`` of each step on the way from it to the process."""
    restarts_on_exit: bool = False
    enabled: bool = True
    started: bool = False
    """It started this very process, or owns it; otherwise it only would start such a one."""
    restarts: int | None = None
    """How often it has restarted it, where the manager counts."""
    confidence: str = Confidence.CERTAIN.value

    @property
    def place(self) -> str:
        """``file:line``, or just the file; empty when there is none."""
        return "" if self.file is None else self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def sentence(self) -> str:
        """``cron (line 7 of root's crontab) starts it every minute``."""
        verb = "restarts it" if self.restarts_on_exit else "starts it"
        if not self.trigger:
            return f"{self.named} started it, and does not restart it"
        if not self.enabled:
            return f"{self.named} is not active now ({self.trigger})"
        if self.started and self.confidence == Confidence.POSSIBLE.value:
            return f"{self.named} started it, and may start it again {self.trigger}"
        return f"{self.named} {verb} {self.trigger}"

    @property
    def named(self) -> str:
        """``cron (line 7 of root's crontab)``, ``the loop watchdog.sh``, ``systemd unit web.service``."""
        title = next((signs.title for signs in SIGNS if signs.kind == self.kind), self.kind)
        if self.kind == "cron" and self.line is not None:
            return f"{title} (line {self.line} of {self.file})"
        if self.kind == "watchdog" and self.confidence == Confidence.POSSIBLE.value:
            return f"the program {posixpath.basename(self.id)}"
        if self.kind == "watchdog":
            return f"{title} {posixpath.basename(self.id)}"
        return f"{title} {self.id}"
