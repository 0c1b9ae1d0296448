"""Giving the service to systemd: its one unit is written, enabled and started."""

from typing import ClassVar

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.systemd.hold_unit import HOLD_FILE
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.managers.systemd.systemctl import Scope, ask_properties, properties, scope_named, shared_units
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded

_SECONDS = 120.0
_STATE = ("LoadState", "ActiveState", "FragmentPath", "UnitFileState", "DropInPaths")
_RUNNING = ("active", "activating", "reloading", "deactivating")


class AdoptUnit(Step, frozen=True, kw_only=True, tag="adopt-unit"):
    """Writes the unit, lets systemd read it, enables and starts it. Undone, systemd never heard of it."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to systemd: write its unit, enable it and start it"

    file: JobFile
    unit: str
    scope: str

    def preview(self) -> str:
        whose = "systemd" if self.scope == "system" else f"the systemd of {self.scope.partition(':')[2]}"
        return f"give it to {whose}: write {self.file.path}, enable {self.unit}, start it"

    def diff(self) -> tuple[str, ...]:
        return self.file.diff()

    def shared(self, system: System) -> tuple[Shared, ...]:
        return shared_units(system, self.scope)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        scope = scope_named(system, self.scope)
        if scope is None:
            return Refused(f"no systemd for {self.scope} runs, or it is not ours to ask")
        if not scope.user and system.caller().uid != 0:
            return Refused("only root may give the machine's systemd a unit")
        answer = ask_properties(system, scope, self.unit, *_STATE)
        if answer.status != 0:
            return Refused(f"systemctl could not be asked about {self.unit}: {answer.complaint}")
        state = properties(answer.text)
        fragment = state.get("FragmentPath", "")
        if fragment not in ("", self.file.path):
            return Refused(f"systemd has another unit of that name: {fragment}")
        if state.get("LoadState") == "masked":
            return Refused(f"{self.unit} is masked: `systemctl unmask {self.unit}` would let it be")
        if HOLD_FILE in state.get("DropInPaths", ""):
            return Refused(f"{self.unit} is held by ghostfix: `ghostfix undo` releases it")
        refused = self.file.refused(system)
        if refused is not None:
            return refused
        runs = state.get("ActiveState") == "active" and state.get("UnitFileState") == "enabled"
        if runs and self.file.is_there(system):
            return Unneeded(f"{self.unit} is there, enabled and active")
        return None

    def capture(self, system: System) -> Captured:
        state = self._state(system)
        return Captured(
            files=(self.file.saved(system),),
            facts=(
                self.file.folders(system),
                Fact("active", state.get("ActiveState", "")),
                Fact("enabled", state.get("UnitFileState", "")),
            ),
        )

    def apply(self, system: ActingSystem) -> str:
        self.file.write(system)
        self._must(system, "daemon-reload")
        self._must(system, "enable", "--", self.unit)
        started = RestartUnit(reason=self.reason, unit=self.unit, scope=self.scope).apply(system)
        return f"{self.file.path} is written, {self.unit} enabled; {started.replace('restarted', 'started')}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        (saved,) = captured.files
        if saved.status is None and self.file.now(system) not in (None, self.file.content):
            raise ChangedError(f"{self.file.path} was changed by somebody; it is left as it is")
        if self._state(system).get("ActiveState") in _RUNNING and captured.fact("active") not in _RUNNING:
            self._must(system, "stop", "--", self.unit)
        if captured.fact("enabled") != "enabled" and self.file.is_there(system):
            self._must(system, "disable", "--", self.unit)
        self.file.take_away(system, saved, captured.fact("made"))
        self._must(system, "daemon-reload")
        if saved.status is not None:
            return f"{self.unit} is as it was before"
        self._systemctl(system, "reset-failed", "--", self.unit)  # it may not have failed
        return f"systemd does not know {self.unit} any more"

    def _state(self, system: System) -> dict[str, str]:
        return properties(ask_properties(system, self._scope(system), self.unit, *_STATE).text)

    def _scope(self, system: System) -> Scope:
        scope = scope_named(system, self.scope)
        if scope is None:
            raise StepError(f"no systemd for {self.scope} runs any more")
        return scope

    def _must(self, system: ActingSystem, *words: str) -> None:
        complaint = self._systemctl(system, *words)
        if complaint is not None:
            raise StepError(f"`systemctl {' '.join(words)}` failed: {complaint}")

    def _systemctl(self, system: ActingSystem, *words: str) -> str | None:
        scope = self._scope(system)
        answer = system.command(scope.command(*words), timeout=_SECONDS, user=scope.runner)
        return None if answer.status == 0 else answer.complaint
