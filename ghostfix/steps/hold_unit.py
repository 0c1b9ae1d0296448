"""Holding a systemd unit: a drop-in that keeps it from starting, and a stop. Enablement is left alone."""

from typing import ClassVar

from ghostfix.errors import ChangedError, StepError
from ghostfix.machine import ActingSystem, CommandAnswer, System
from ghostfix.step import Captured, Fact, Phase, Refused, SavedFile, Step, Unneeded
from ghostfix.systemctl import Scope, scope_named

HOLD_FILE = "zz-ghostfix-hold.conf"
"""Sorted last among the drop-ins, so that it wins."""

_CONTENT = b"""# Held by ghostfix: `ghostfix undo` removes this file and lets the unit start again.
[Unit]
ConditionPathExists=/nonexistent/held-by-ghostfix
"""
_SERVICE_CONTENT = (
    _CONTENT
    + b"""
[Service]
Restart=no
"""
)


class HoldUnit(Step, frozen=True, kw_only=True, tag="hold-unit"):
    """Keeps a unit from being started by anything: Restart=, a timer, a socket, boot or a person's ``start``.

    ``disable`` would lose hand-made links and ``mask`` fails for a unit that lies in /etc, so neither is
    used. The drop-in lies in /etc (or the user's ~/.config), so the hold outlives a reboot.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a systemd unit"

    unit: str
    scope: str

    def preview(self) -> str:
        whose = "" if self.scope == "system" else f" of {self.scope}"
        return (
            f"hold systemd unit {self.unit}{whose}: stop it, and keep it from starting (drop-in {HOLD_FILE})"
        )

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if self._folder(system) is None:
            return Refused(f"the folder of {self.scope}'s units is not known")
        if self.scope == "system" and system.caller().uid != 0:
            return Refused(
                f"{self.unit} belongs to the machine's systemd: only root may hold it; run with sudo"
            )
        state = self._systemctl_ask(system, "show", "--property=LoadState,ActiveState,DropInPaths", self.unit)
        if state.status != 0:
            return Refused(f"systemctl could not be asked about {self.unit}: {state.complaint}")
        if "LoadState=not-found" in state.text:
            return Unneeded(f"{self.unit} does not exist any more")
        if HOLD_FILE in state.text and "ActiveState=inactive" in state.text:
            return Unneeded(f"{self.unit} is held already")
        return None

    def capture(self, system: System) -> Captured:
        state = self._systemctl_ask(system, "show", "--property=ActiveState,Transient", self.unit).text
        values = dict(line.partition("=")[::2] for line in state.splitlines())
        was_active = values.get("ActiveState") in ("active", "activating", "reloading")
        path = self._path(system)
        status = system.status(path).value
        return Captured(
            files=(SavedFile(path=path, status=status),),
            facts=(Fact("active", "yes" if was_active else "no"),),
        )

    def apply(self, system: ActingSystem) -> str:
        path = self._path(system)
        system.make_folder(path.rpartition("/")[0])
        if system.status(path).value is None:
            system.create(path, _SERVICE_CONTENT if self.unit.endswith(".service") else _CONTENT)
        self._systemctl(system, "daemon-reload")
        self._systemctl(system, "stop", self.unit)
        return f"{self.unit} is stopped and does not start while {path} exists"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        path = captured.files[0].path
        status = system.status(path).value
        if status is not None and captured.files[0].status is None:
            content = system.read(path, 1 << 16).value
            if content not in (_CONTENT, _SERVICE_CONTENT):
                raise ChangedError(f"{path} was changed by somebody; it is left as it is")
            system.remove(path, status, content)
            system.remove_empty_folder(path.rpartition("/")[0])
        self._systemctl(system, "daemon-reload")
        if captured.fact("active") != "yes":
            return f"{self.unit} may start again; it did not run before"
        self._systemctl(system, "start", "--no-block", self.unit)
        return f"{self.unit} may start again, and is started as it was before"

    def _path(self, system: System) -> str:
        return f"{self._folder(system)}/{self.unit}.d/{HOLD_FILE}"

    def _folder(self, system: System) -> str | None:
        scope = self._scope(system)
        return (
            "/etc/systemd/system"
            if not scope.user
            else (None if not scope.home else f"{scope.home}/.config/systemd/user")
        )

    def _scope(self, system: System) -> Scope:
        return scope_named(system, self.scope)

    def _systemctl_ask(self, system: System, *arguments: str) -> CommandAnswer:
        return system.ask(("systemctl", *self._scope(system).options, *arguments), timeout=10.0)

    def _systemctl(self, system: ActingSystem, *arguments: str) -> None:
        answer = system.command(("systemctl", *self._scope(system).options, *arguments), timeout=100.0)
        if answer.status != 0:
            raise StepError(f"`systemctl {' '.join(arguments)}` failed: {answer.complaint}")
