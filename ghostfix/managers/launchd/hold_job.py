"""Holding a launchd job: out of its domain, and disabled, until it is released."""

import posixpath
from typing import ClassVar

from ghostfix.managers.launchd.definition import PLIST_LIMIT, digest_of
from ghostfix.managers.launchd.loading import boot_out, bootstrap, denied, is_loaded, launchctl
from ghostfix.managers.launchd.plist import read_plist
from ghostfix.managers.launchd.state import complaint, disabled_flag, loaded_job
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded

_LOADED, _DISABLED = "loaded", "disabled"


class HoldLaunchdJob(Step, frozen=True, kw_only=True, tag="hold-launchd-job"):
    """Boots a job out of its domain, waits until it is gone, and disables its label.

    ``domain`` is ``gui/UID``, ``user/UID`` or ``system``; ``plist`` the file it is loaded from, None when
    that is gone; ``digest`` the SHA-256 of that file, in hexadecimal.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "boots a launchd job out and disables it"

    label: str
    domain: str
    plist: str | None
    digest: str

    @property
    def target(self) -> str:
        return f"{self.domain}/{self.label}"

    def preview(self) -> str:
        lost = "" if self.plist is not None else " (its plist is gone: it cannot be loaded again)"
        return f"hold launchd job {self.target}: launchctl bootout and disable{lost}"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return () if self.plist is None else (Shared(posixpath.dirname(self.plist)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        problem = denied(system, self.domain, self.label)
        if problem is not None:
            return Refused(problem)
        changed = self._changed(system)
        if changed is not None:
            return Refused(changed)
        loaded, flag = loaded_job(system, self.target), disabled_flag(system, self.domain, self.label)
        for reading in (loaded, flag):
            if not reading.complete:
                return Refused(reading.problem or f"the state of {self.target} could not be read")
        if loaded.value is None and self._disabled(system):
            return Unneeded(f"{self.target} is not loaded, and disabled")
        return None

    def capture(self, system: System) -> Captured:
        loaded, flag = loaded_job(system, self.target), disabled_flag(system, self.domain, self.label)
        for reading in (loaded, flag):
            if not reading.complete:
                raise StepError(reading.problem or f"the state of {self.target} could not be read")
        disabled = self._disabled(system)
        return Captured(
            facts=(Fact(_LOADED, _word(loaded.value is not None)), Fact(_DISABLED, _word(disabled)))
        )

    def apply(self, system: ActingSystem) -> str:
        was_loaded = is_loaded(system, self.target)
        if was_loaded:
            boot_out(system, self.target)
        answer = launchctl(system, "disable", self.target)
        if answer.status != 0:
            raise StepError(f"launchctl disable {self.target}: {complaint(answer)}")
        return f"{'booted out and ' if was_loaded else ''}disabled {self.target}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        was_loaded = captured.fact(_LOADED) == _word(True)
        was_disabled = captured.fact(_DISABLED) == _word(True)
        load = was_loaded and not is_loaded(system, self.target)
        if load and self.plist is None:
            raise ChangedError(f"{self.target} cannot be loaded again: its plist was gone before it was held")
        changed = self._changed(system) if load else None
        if changed is not None:
            raise ChangedError(f"{changed}; look at it, then: launchctl bootstrap {self.domain} {self.plist}")
        done: list[str] = []
        if self._disabled(system) and (load or not was_disabled):
            self._must(system, "enable", self.target)
            done.append("enabled")
        if load and self.plist is not None:
            bootstrap(system, self.target, self.plist)
            done.append("loaded")
            if was_disabled:
                self._must(system, "disable", self.target)
                done.append("marked as disabled, as it was")
        return f"{self.target}: {', '.join(done) or 'it already was as before'}"

    # reading

    def _changed(self, system: System) -> str | None:
        """What happened to the plist since it was planned to hold its job, if anything did."""
        if self.plist is None:
            return None
        content = system.read(self.plist, PLIST_LIMIT)
        if not content.complete:
            return f"{self.plist} could not be read: {content.problem}"
        if digest_of(content.value) != self.digest:
            return f"{self.plist} was changed since"
        return None

    def _disabled(self, system: System) -> bool:
        """Whether launchd refuses to load it: its flag, else the Disabled key of its plist."""
        flag = disabled_flag(system, self.domain, self.label)
        if not flag.complete:
            raise StepError(flag.problem or f"the flag of {self.target} could not be read")
        if flag.value is not None:
            return flag.value
        content = b"" if self.plist is None else system.read(self.plist, PLIST_LIMIT).value
        job = read_plist(content).value
        return job is not None and job.disabled

    # acting

    def _must(self, system: ActingSystem, *words: str) -> None:
        answer = launchctl(system, *words)
        if answer.status != 0:
            raise StepError(f"launchctl {' '.join(words)}: {complaint(answer)}")


def _word(value: bool) -> str:
    return "yes" if value else "no"
