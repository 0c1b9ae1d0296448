"""Holding a launchd job: out of its domain, and disabled, until it is released."""

from typing import ClassVar

from ghostfix.errors import ChangedError, StepError
from ghostfix.machine import ActingSystem, CommandAnswer, System
from ghostfix.managers.launchd_definition import PLIST_LIMIT, digest_of
from ghostfix.managers.launchd_state import LAUNCHCTL, complaint, disabled_flag, loaded_job
from ghostfix.parsers.launchctl import (
    ALREADY_LOADED,
    BEING_LOADED,
    GENERIC_FAILURE,
    IN_PROGRESS,
    NOT_FOUND,
    NOT_LOADED,
)
from ghostfix.parsers.plist import read_plist
from ghostfix.step import Captured, Fact, Phase, Refused, Step, Unneeded

_UNLOADED_WITHIN = 30.0
"""Seconds: launchd gives a job 20 by default before it kills it."""
_POLL = 0.2
_TIMEOUT = 60.0
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

    def precondition(self, system: System) -> Refused | Unneeded | None:
        denied = self._denied(system)
        if denied is not None:
            return Refused(denied)
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
        was_loaded = self._is_loaded(system)
        if was_loaded:
            self._boot_out(system)
        answer = self._do(system, "disable", self.target)
        if answer.status != 0:
            raise StepError(f"launchctl disable {self.target}: {complaint(answer)}")
        return f"{'booted out and ' if was_loaded else ''}disabled {self.target}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        was_loaded = captured.fact(_LOADED) == _word(True)
        was_disabled = captured.fact(_DISABLED) == _word(True)
        load = was_loaded and not self._is_loaded(system)
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
            self._bootstrap(system, self.plist)
            done.append("loaded")
            if was_disabled:
                self._must(system, "disable", self.target)
                done.append("marked as disabled, as it was")
        return f"{self.target}: {', '.join(done) or 'it already was as before'}"

    # looking

    def _denied(self, system: System) -> str | None:
        """Why the caller may not act in this domain, if he may not."""
        caller = system.caller()
        if caller.uid == 0:
            return None
        if self.domain == "system":
            return f"{self.target} belongs to the system: only root can hold it (run ghostfix with sudo)"
        if self.domain.rpartition("/")[2] != str(caller.uid):
            return f"{self.target} belongs to another user: only he or root can hold it"
        return None

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

    def _is_loaded(self, system: System) -> bool:
        reading = loaded_job(system, self.target)
        if not reading.complete:
            raise StepError(reading.problem or f"the state of {self.target} could not be read")
        return reading.value is not None

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

    def _do(self, system: ActingSystem, *words: str) -> CommandAnswer:
        return system.command((LAUNCHCTL, *words), timeout=_TIMEOUT)

    def _must(self, system: ActingSystem, *words: str) -> None:
        answer = self._do(system, *words)
        if answer.status != 0:
            raise StepError(f"launchctl {' '.join(words)}: {complaint(answer)}")

    def _boot_out(self, system: ActingSystem) -> None:
        """Boots it out and waits until launchd no longer knows it: a job may take long to end."""
        answer = self._do(system, "bootout", self.target)
        under_way = (0, NOT_LOADED, NOT_FOUND, IN_PROGRESS)
        if answer.status not in under_way and self._is_loaded(system):
            raise StepError(f"launchctl bootout {self.target}: {complaint(answer)}")
        deadline = system.monotonic() + _UNLOADED_WITHIN
        while self._is_loaded(system):
            if system.monotonic() >= deadline:
                raise StepError(f"{self.target} is still loaded {_UNLOADED_WITHIN:.0f} s after its bootout")
            system.wait(_POLL)

    def _bootstrap(self, system: ActingSystem, plist: str) -> None:
        answer = self._do(system, "bootstrap", self.domain, plist)
        perhaps_loaded = (GENERIC_FAILURE, ALREADY_LOADED, BEING_LOADED)
        if answer.status == 0 or (answer.status in perhaps_loaded and self._is_loaded(system)):
            return
        raise StepError(f"launchctl bootstrap {self.domain} {plist}: {complaint(answer)}")


def _word(value: bool) -> str:
    return "yes" if value else "no"
