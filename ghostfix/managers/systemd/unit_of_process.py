"""The systemd unit to which a process belongs by its control group, and what it does when that ends."""

from typing import TYPE_CHECKING

from msgspec import Struct

from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.managers.systemd.unit_file import RESTARTS
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.service.passwd import name_of

if TYPE_CHECKING:
    from ghostfix.managers.systemd.systemctl import LoadedUnit, Scope

_USER = Pattern(r"^user@(\d+)\.service$")


class OwningUnit(Struct, frozen=True):
    """A service unit by its control group, and whose systemd has it: the machine's (None) or a user's."""

    name: str
    uid: int | None = None


def unit_of(control_group: str | None) -> OwningUnit | None:
    """The innermost ``.service`` of a control group's path; a scope (a login session) owns nothing."""
    uid: int | None = None
    name: str | None = None
    for part in (control_group or "").split("/"):
        user = _USER.match(part)
        if user is not None:
            uid, name = int(user.group(1)), None
        elif part.endswith(".service"):
            name = part
        elif part.endswith(".scope"):
            name = None
    return None if name is None else OwningUnit(name, uid)


def restarters_of_unit(
    system: System, unit: OwningUnit, process: Process, problems: list[str]
) -> list[RestarterOfProcess]:
    """The unit as systemd has it now, with the timers, sockets and paths that trigger it."""
    from ghostfix.managers.systemd.systemctl import named_units, scope_named

    scope = scope_named(system, _scope_name(system, unit))
    if scope is None:
        text = "control group"
        return [
            RestarterOfProcess(
                kind="systemd", id=unit.name, text=text, scope=_scope_name(system, unit), started=True
            )
        ]
    reading = named_units(system, scope, (unit.name,))
    if reading.problem is not None:
        problems.append(reading.problem)
    if not reading.value:
        return [
            RestarterOfProcess(
                kind="systemd", id=unit.name, scope=scope.name, started=True, text="control group"
            )
        ]
    return [_restarter_of(scope, reading.value[0], process)]


def _restarter_of(scope: "Scope", unit: "LoadedUnit", process: Process) -> RestarterOfProcess:
    again = RESTARTS.get(unit.restart)
    parts = [f"{again} (Restart={unit.restart})" if again else ""]
    if unit.file_state in ("enabled", "enabled-runtime"):
        parts.append("at boot")
    if unit.triggered_by:
        parts.append(f"through {', '.join(unit.triggered_by)}")
    if unit.upheld_by:
        parts.append(f"whenever it is down (upheld by {', '.join(unit.upheld_by)})")
    main = unit.main_pid in (0, process.pid)
    return RestarterOfProcess(
        kind="systemd",
        id=unit.id,
        scope=scope.name,
        file=unit.fragment or None,
        text=f"main process {unit.main_pid}" if not main else "",
        trigger=" and ".join(part for part in parts if part),
        restarts_on_exit=again is not None or bool(unit.upheld_by),
        enabled=unit.file_state != "masked" and unit.load_state != "not-found",
        started=True,
        restarts=unit.restarts,
    )


def _scope_name(system: System, unit: OwningUnit) -> str:
    """As ``Scope.name`` has it."""
    return "system" if unit.uid is None else f"user:{name_of(system, unit.uid) or unit.uid}"
