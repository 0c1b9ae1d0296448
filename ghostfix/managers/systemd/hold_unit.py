"""Holding a systemd unit: a drop-in that keeps it from starting, and a stop. Enablement is left alone."""

import posixpath
from typing import ClassVar

from ghostfix.managers.systemd.systemctl import (
    UNITS,
    Scope,
    ask_properties,
    properties,
    scope_named,
    shared_units,
    unit_digest,
    unit_folders,
)
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded

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
_LIMIT = 1 << 20
_STOPS_TOO = ("RequiredBy", "BoundBy", "ConsistsOf", "PropagatesStopTo")
"""The units that systemd stops when it stops this one (systemd.unit(5): Requires=, BindsTo=, PartOf=)."""
_STOP_SECONDS = 120.0
_RUNNING = ("active", "activating", "reloading")


class HoldUnit(Step, frozen=True, kw_only=True, tag="hold-unit"):
    """Keeps a unit from being started by anything: Restart=, a timer, a socket, boot or a person's ``start``.

    ``disable`` would lose hand-made links and ``mask`` fails for a unit that lies in /etc, so neither is
    used. The drop-in lies in /etc (or the user's ~/.config), so the hold outlives a reboot. systemd forgets
    a transient unit when it is stopped: its files are kept, and put back by undo.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a systemd unit"

    unit: str
    scope: str
    digest: str = ""
    """``unit_digest`` of its files when the plan was made; empty when they could not be read."""

    def preview(self) -> str:
        whose = "" if self.scope == "system" else f" of {self.scope.partition(':')[2]}"
        return (
            f"hold systemd unit {self.unit}{whose}: stop it, and keep it from starting (drop-in {HOLD_FILE})"
        )

    def shared(self, system: System) -> tuple[Shared, ...]:
        return shared_units(system, self.scope)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        scope = scope_named(system, self.scope)
        if scope is None:
            return Refused(f"no systemd for {self.scope} runs, or it is not ours to ask")
        if not scope.user and system.caller().uid != 0:
            return Refused(f"{self.unit} belongs to the machine's systemd: only root may hold it")
        state = ask_properties(
            system, scope, self.unit, "LoadState", "ActiveState", "FragmentPath", "DropInPaths"
        )
        if state.status != 0:
            return Refused(f"systemctl could not be asked about {self.unit}: {state.complaint}")
        values = properties(state.text)
        if values.get("LoadState") == "not-found":
            return Unneeded(f"{self.unit} does not exist any more")
        if HOLD_FILE in values.get("DropInPaths", "") and values.get("ActiveState") not in _RUNNING:
            return Unneeded(f"{self.unit} is held already")
        drop_ins = values.get("DropInPaths", "").split()
        digest = unit_digest(system, values.get("FragmentPath", ""), drop_ins, without=HOLD_FILE)
        if self.digest and digest != self.digest:
            return Refused(f"the files of {self.unit} have changed since the plan was made: look again")
        if _folder(system, scope) is None:
            return Refused(f"the folder for the unit files of {self.scope} is not known")
        return None

    def capture(self, system: System) -> Captured:
        scope, path = self._places(system)
        state = ask_properties(system, scope, self.unit, "ActiveState", "FragmentPath", "Triggers")
        values = properties(state.text)
        active = _running_with(system, scope, self.unit)
        folders = [path.rpartition("/")[0]]
        while system.status(folders[-1]).value is None:
            folders.append(folders[-1].rpartition("/")[0])
        return Captured(
            files=(
                SavedFile(path=path, status=system.status(path).value),
                *_transient_files(system, values),
            ),
            facts=(Fact("active", " ".join(active)), Fact("made", "\n".join(folders[:-1]))),
        )

    def apply(self, system: ActingSystem) -> str:
        scope, path = self._places(system)
        system.make_folder(path.rpartition("/")[0])
        if system.status(path).value is None:
            system.create(path, _SERVICE_CONTENT if self.unit.endswith(".service") else _CONTENT)
        _systemctl(system, scope, "daemon-reload")
        _systemctl(system, scope, "stop", "--", self.unit)
        return f"{self.unit} is stopped and does not start while {path} exists"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        scope, _ = self._places(system)
        held, *transient = captured.files
        status = system.status(held.path).value
        if status is not None and held.status is None:
            content = system.read_as_owner(held.path, _LIMIT).value
            if content not in (_CONTENT, _SERVICE_CONTENT):
                raise ChangedError(f"{held.path} was changed by somebody; it is left as it is")
            system.remove(held.path, status, content)
        for folder in (captured.fact("made") or "").splitlines():
            system.remove_empty_folder(folder)
        for file in transient:
            if file.content is not None and system.status(file.path).value is None:
                system.make_folder(file.path.rpartition("/")[0])
                system.create(file.path, file.content)
        _systemctl(system, scope, "daemon-reload")
        active = (captured.fact("active") or "").split()
        if not active:
            return f"{self.unit} may start again; it did not run before"
        _systemctl(system, scope, "start", "--no-block", "--", *active)
        return f"{self.unit} may start again; started as before: {', '.join(active)}"

    def _places(self, system: System) -> tuple[Scope, str]:
        """The manager, and where the drop-in goes."""
        scope = scope_named(system, self.scope)
        folder = None if scope is None else _folder(system, scope)
        if scope is None or folder is None:
            raise ChangedError(f"the systemd for {self.scope} does not answer any more")
        return scope, f"{folder}/{self.unit}.d/{HOLD_FILE}"


def _folder(system: System, scope: Scope) -> str | None:
    """Where the administrator's, or this user's own, unit files lie: the highest that outlives a reboot."""
    if not scope.user:
        return UNITS
    folders = unit_folders(system, scope)
    own = (each for each in folders if each.startswith(f"{scope.home}/") and each.endswith("/systemd/user"))
    return next(own, None)


def _running_with(system: System, scope: Scope, unit: str) -> tuple[str, ...]:
    """The unit and those that stop with it, as far as they run now."""
    seen, waiting, running = {unit}, [unit], []
    while waiting:
        name = waiting.pop(0)
        values = properties(ask_properties(system, scope, name, "ActiveState", *_STOPS_TOO).text)
        if values.get("ActiveState") in _RUNNING:
            running.append(name)
        elif name != unit:
            continue
        below = {word for key in _STOPS_TOO for word in values.get(key, "").split()} - seen
        seen |= below
        waiting += sorted(below)
    return tuple(running)


def _transient_files(system: System, values: dict[str, str]) -> tuple[SavedFile, ...]:
    """The files of a unit that ``systemd-run`` or the like made, and of what it triggers."""
    fragment = values.get("FragmentPath", "")
    folder = posixpath.dirname(fragment)
    if posixpath.basename(folder) != "transient":
        return ()
    units = (fragment, *(f"{folder}/{name}" for name in values.get("Triggers", "").split()))
    paths = [path for unit in units for path in (unit, *system.paths(f"{unit}.d/*.conf"))]
    return tuple(_kept(system, path) for path in paths if system.status(path).value is not None)


def _kept(system: System, path: str) -> SavedFile:
    """A file that systemd will forget: one that cannot be kept is a reason not to begin."""
    content = system.read_as_owner(path, _LIMIT)
    if not content.complete:
        raise StepError(f"{path}, which goes with the unit, could not be kept: {content.problem}")
    return SavedFile(path=path, content=content.value, status=system.status(path).value)


def _systemctl(system: ActingSystem, scope: Scope, *arguments: str) -> None:
    answer = system.command(scope.command(*arguments), timeout=_STOP_SECONDS, user=scope.runner)
    if answer.status != 0:
        raise StepError(f"`systemctl {' '.join(arguments)}` failed: {answer.complaint}")
