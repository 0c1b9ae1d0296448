"""The systemd unit to which a process belongs by its control group, and what it does when that ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.managers.systemd.unit_file import RESTARTS
from ghostfix.managers.systemd.unit_ownership import runs_itself
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.model.reading import Reading
from ghostfix.service.passwd import name_of

if TYPE_CHECKING:
    from ghostfix.managers.systemd.systemctl import LoadedUnit, Scope
    from ghostfix.model.service import Service

_SESSION = Pattern(r"^session-(\w+)\.scope$")
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


def left_in(control_group: str | None) -> str:
    """The unit in whose group an orphan was left: ``login session 6``, ``cron.service``; empty for none."""
    name = (control_group or "").rpartition("/")[2]
    session = _SESSION.match(name)
    if session is not None:
        return f"login session {session.group(1)}"
    return name if name.endswith((".scope", ".service")) and name != "init.scope" else ""


def restarters_of_unit(
    system: System,
    unit: OwningUnit,
    lineage: Sequence[Process],
    service: "Service | None",
    problems: list[str],
) -> list[RestarterOfProcess]:
    """The unit as systemd has it now, where it runs the process: by its main process, or by a command of its.

    ``lineage`` is the process and its ancestors; ``service`` is what the process is an instance of. A unit in
    whose group the process merely lies, as cron's or an ssh server's, restarts itself only.
    """
    from ghostfix.managers.systemd.systemctl import named_units, scope_named

    process, ancestors = lineage[0], lineage[1:]
    name = _scope_name(system, unit)
    scope = scope_named(system, name)
    reading = Reading(()) if scope is None else named_units(system, scope, (unit.name,))
    if reading.problem is not None:
        problems.append(reading.problem)
    if scope is None or not reading.value:
        # It cannot be asked for its main process: that is the topmost one below the first.
        main = next((each.pid for each in reversed(lineage) if each.pid > 1), 0)
        if not runs_itself(main, process, ancestors, system.managers):
            return []
        return [
            RestarterOfProcess(kind="systemd", id=unit.name, scope=name, started=True, text="control group")
        ]
    loaded = reading.value[0]
    own = runs_itself(loaded.main_pid, process, ancestors, system.managers)
    if not own and not _leads(system, scope, loaded, service):
        return []
    return [_restarter_of(scope, loaded, process)]


def _leads(system: System, scope: "Scope", unit: "LoadedUnit", service: "Service | None") -> bool:
    """Whether one of the unit's commands leads to the service."""
    from ghostfix.managers.systemd.unit_start import unit_file, unit_start

    if service is None:
        return False
    file = unit_file(system, unit).value
    return unit_start(system, service, scope, unit.id, file).trail is not None


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
