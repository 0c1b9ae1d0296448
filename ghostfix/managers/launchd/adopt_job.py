"""Giving the service to launchd: its plist is written and bootstrapped."""

import posixpath
from typing import ClassVar

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.launchd.loading import boot_out, bootstrap, denied, is_loaded
from ghostfix.managers.launchd.state import disabled_flag, loaded_job
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded

_UP_WITHIN = 10.0
_SETTLED = 2.0
_POLL_EVERY = 0.2
_LOADED = "loaded"


class AdoptLaunchdJob(Step, frozen=True, kw_only=True, tag="adopt-launchd-job"):
    """Writes the plist and loads it, which starts the service. Undone, launchd never heard of it."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to launchd: write its plist and load it"

    file: JobFile
    label: str
    domain: str

    @property
    def target(self) -> str:
        return f"{self.domain}/{self.label}"

    def preview(self) -> str:
        return f"give it to launchd: write {self.file.path}, load it into {self.domain}"

    def diff(self) -> tuple[str, ...]:
        return self.file.diff()

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.file.path)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        problem = denied(system, self.domain, self.label)
        if problem is not None:
            return Refused(problem)
        refused = self.file.refused(system)
        if refused is not None:
            return refused
        loaded, flag = loaded_job(system, self.target), disabled_flag(system, self.domain, self.label)
        for reading in (loaded, flag):
            if not reading.complete:
                return Refused(reading.problem or f"the state of {self.target} could not be read")
        if flag.value:
            return Refused(f"{self.target} is disabled: `launchctl enable {self.target}` allows it")
        if loaded.value is None:
            return None
        if loaded.value.plist not in (None, self.file.path):
            return Refused(f"launchd has {self.label} from another file: {loaded.value.plist}")
        if not self.file.is_there(system):
            return Refused(f"launchd has {self.label} loaded already, though {self.file.path} is gone")
        return Unneeded(f"{self.target} is loaded from {self.file.path}")

    def capture(self, system: System) -> Captured:
        loaded = "yes" if is_loaded(system, self.target) else "no"
        return Captured(
            files=(self.file.saved(system),), facts=(self.file.folders(system), Fact(_LOADED, loaded))
        )

    def apply(self, system: ActingSystem) -> str:
        self.file.write(system)
        bootstrap(system, self.target, self.file.path)
        return f"{self.file.path} is written, {self.target} loaded: pid {self._settled(system)}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if captured.fact(_LOADED) == "no" and is_loaded(system, self.target):
            boot_out(system, self.target)
        self.file.take_away(system, captured.files[0], captured.fact("made"))
        return f"launchd does not know {self.label} any more"

    def _settled(self, system: ActingSystem) -> int:
        """The PID that launchd shows for two seconds on end; StepError when it shows none for ten."""
        pid, since = None, system.monotonic()
        deadline = since + _UP_WITHIN
        while system.monotonic() < deadline:
            job = loaded_job(system, self.target).value
            now = None if job is None else job.pid
            if now != pid:
                pid, since = now, system.monotonic()
            elif pid is not None and system.monotonic() - since >= _SETTLED:
                return pid
            system.wait(_POLL_EVERY)
        raise StepError(f"{self.target} is loaded, and does not stay up: look at its log")
