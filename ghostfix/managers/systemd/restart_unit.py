"""Restarting the service through the systemd unit that its profile names as its manager."""

from typing import ClassVar

from ghostfix.managers.systemd.hold_unit import HOLD_FILE
from ghostfix.managers.systemd.systemctl import Scope, ask_properties, properties, scope_named
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, CommandAnswer, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded

_SECONDS = 120.0
_SETTLED = 2.0
_POLL_EVERY = 0.2
_STATE = ("LoadState", "ActiveState", "Result", "MainPID", "NRestarts", "DropInPaths")


class RestartUnit(Step, frozen=True, kw_only=True, tag="restart-unit"):
    """``systemctl restart``: systemd ends what it has started, and starts it afresh."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "restart the service's own systemd unit"

    unit: str
    scope: str

    def preview(self) -> str:
        whose = "" if self.scope == "system" else f" of {self.scope.partition(':')[2]}"
        return f"restart systemd unit {self.unit}{whose}, the service's own manager"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        scope = scope_named(system, self.scope)
        if scope is None:
            return Refused(f"no systemd for {self.scope} runs, or it is not ours to ask")
        if not scope.user and system.caller().uid != 0:
            return Refused(f"{self.unit} belongs to the machine's systemd: only root may restart it")
        answer = ask_properties(system, scope, self.unit, *_STATE)
        if answer.status != 0:
            return Refused(f"systemctl could not be asked about {self.unit}: {answer.complaint}")
        state = properties(answer.text)
        if state.get("LoadState") != "loaded":
            return Refused(f"{self.unit} cannot be started: it is {state.get('LoadState') or 'unknown'}")
        if HOLD_FILE in state.get("DropInPaths", ""):
            return Refused(f"{self.unit} is held by ghostfix: `ghostfix undo` releases it")
        return None

    def capture(self, system: System) -> Captured:
        state = self._state(system)
        return Captured(facts=(Fact("state", state.get("ActiveState", "")),))

    def apply(self, system: ActingSystem) -> str:
        self._systemctl(system, "reset-failed")  # a start limit that was hit would refuse the start
        answer = self._systemctl(system, "restart")
        if answer.status != 0:
            raise StepError(f"`systemctl restart {self.unit}` failed: {answer.complaint}")
        state = self._settled(system)
        if state.get("ActiveState") != "active":
            raise StepError(
                f"{self.unit} does not stay up: {state.get('ActiveState')}, result {state.get('Result')}"
            )
        return f"systemd restarted {self.unit}: pid {state.get('MainPID')}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if captured.fact("state") in ("active", "activating", "reloading"):
            return f"{self.unit} ran before, and runs: there is nothing to take back"
        answer = self._systemctl(system, "stop")
        if answer.status != 0:
            raise StepError(f"`systemctl stop {self.unit}` failed: {answer.complaint}")
        return f"{self.unit} is stopped, as it was before"

    def _settled(self, system: ActingSystem) -> dict[str, str]:
        """Its state after two seconds without a restart, or as soon as it is not up any more."""
        first = self._state(system)
        deadline = system.monotonic() + _SETTLED
        while system.monotonic() < deadline:
            system.wait(_POLL_EVERY)
            now = self._state(system)
            if now.get("NRestarts") != first.get("NRestarts"):
                return {**now, "ActiveState": "it is restarted again and again"}
            if now.get("ActiveState") not in ("active", "activating", "reloading"):
                return now
        return self._state(system)

    def _state(self, system: System) -> dict[str, str]:
        return properties(ask_properties(system, self._scope(system), self.unit, *_STATE).text)

    def _scope(self, system: System) -> Scope:
        scope = scope_named(system, self.scope)
        if scope is None:
            raise StepError(f"no systemd for {self.scope} runs any more")
        return scope

    def _systemctl(self, system: ActingSystem, verb: str) -> CommandAnswer:
        scope = self._scope(system)
        return system.command(scope.command(verb, "--", self.unit), timeout=_SECONDS, user=scope.runner)
