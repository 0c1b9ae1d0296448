"""systemd: services that it restarts, and the timers, sockets and paths that start them."""

from collections.abc import Iterable, Iterator

from ghostfix.account import home_of, name_of
from ghostfix.instance import roots
from ghostfix.job import Job, Link, LinkKind, Place
from ghostfix.machine import Platform, System
from ghostfix.process import Process, ProcessTree
from ghostfix.reading import Confidence, Reading
from ghostfix.restarter import Restarter
from ghostfix.service import Service
from ghostfix.step import Step
from ghostfix.steps.hold_unit import HOLD_FILE, HoldUnit
from ghostfix.systemctl import LoadedUnit, Scope, ask_units, read_units
from ghostfix.trail import Trail, follow_argv
from ghostfix.unit_file import UnitEntry, UnitFile, exec_command, exec_words, expanded, merged, read_unit

_UNIT_LIMIT = 1 << 20
_RUNTIME = "/run/systemd/system"
"""Exists exactly when the machine was booted with systemd (sd_booted(3))."""
_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """Every unit, of the machine and of users, that runs the service, owns it, or triggers one that does.

    A systemd that does not answer is "could not look"; a machine without systemd has none of its jobs.
    """
    if system.platform is not Platform.LINUX or not system.names(_RUNTIME).value:
        return Reading(())
    found: list[Job] = []
    problems: list[str] = []
    caller = system.caller()
    running = roots(tree, (caller.pid, *caller.ancestors), service)
    for scope in _scopes(system):
        answer = ask_units(system, scope)
        if answer.status != 0:
            problems.append(f"systemctl could not ask {scope.name}: {answer.complaint}")
            continue
        loaded = read_units(answer.text)
        found += _jobs_of(system, service, scope, loaded + _not_loaded(system, scope, loaded), running)
    return Reading(tuple(found), "; ".join(problems) or None, not problems)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """A drop-in that keeps the unit from starting, and a stop."""
    return (HoldUnit(reason=reason, unit=job.id, scope=job.scope),)


def _scopes(system: System) -> Iterator[Scope]:
    """The machine's systemd, and those of the users that we may ask: our own, or everybody's as root."""
    yield Scope()
    caller = system.caller()
    for name in system.names("/run/user").value:
        if name == str(caller.uid):
            yield Scope(caller.user, caller.home, own=True)
        elif caller.uid == 0 and system.names(f"/run/user/{name}/systemd").value:
            user = name_of(system, int(name)) if name.isdigit() else None
            if user is not None:
                yield Scope(user, home_of(system, user))


def _jobs_of(
    system: System, service: Service, scope: Scope, units: tuple[LoadedUnit, ...], running: Iterable[Process]
) -> Iterator[Job]:
    by_id = {unit.id: unit for unit in units}
    for unit in units:
        if not unit.id.endswith(".service") or unit.load_state == "not-found":
            continue
        file = _unit_file(system, unit)
        owned = tuple(process.pid for process in running if _owns(unit, process))
        entry, trail = _trail(system, service, scope, unit, file)
        if trail is None and not owned:
            continue
        yield _service_job(scope, unit, file, entry, trail, owned)
        for trigger in unit.triggered_by:
            if trigger in by_id:
                yield _trigger_job(system, scope, by_id[trigger], unit, trail)


def _service_job(
    scope: Scope,
    unit: LoadedUnit,
    file: UnitFile,
    entry: UnitEntry | None,
    trail: Trail | None,
    owned: tuple[int, ...],
) -> Job:
    condition = file.restarts_when if file.entries else ("when it ends" if unit.restart == "always" else None)
    at_boot = unit.file_state in ("enabled", "enabled-runtime")
    armed = unit.file_state != "masked" and not _held(unit)
    return Job(
        kind="systemd",
        id=unit.id,
        scope=scope.name,
        where=Place(entry.file, entry.line, f"{entry.key}={entry.value}") if entry else _fragment(unit),
        command=exec_command(entry.value) if entry else "",
        trigger=_words(unit, condition, at_boot),
        enabled=armed and (at_boot or (unit.active and condition is not None) or bool(unit.upheld_by)),
        restarts_on_exit=condition is not None or bool(unit.upheld_by),
        link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN if owned or trail is None else trail.confidence,
        guarded=True,
        starts=owned,
    )


def _trigger_job(
    system: System, scope: Scope, trigger: LoadedUnit, unit: LoadedUnit, trail: Trail | None
) -> Job:
    file = _unit_file(system, trigger)
    section = trigger.id.rpartition(".")[2].capitalize()
    settings = [entry for entry in file.entries if entry.section == section and entry.key != "Unit"]
    first = settings[0] if settings else None
    return Job(
        kind="systemd",
        id=trigger.id,
        scope=scope.name,
        where=Place(first.file, first.line, f"{first.key}={first.value}") if first else _fragment(trigger),
        command=f"starts {unit.id}",
        trigger=", ".join(f"{entry.key}={entry.value}" for entry in settings[:3])
        or f"{section.lower()} unit",
        enabled=trigger.active and not _held(trigger),
        restarts_on_exit=False,
        link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN if trail is None else trail.confidence,
        guarded=True,
    )


def _words(unit: LoadedUnit, condition: str | None, at_boot: bool) -> str:
    parts = [f"{condition} (Restart={unit.restart})" if condition else "", "at boot" if at_boot else ""]
    if unit.upheld_by:
        parts.append(f"whenever it is down (upheld by {', '.join(unit.upheld_by)})")
    if unit.restarts:
        parts.append(f"restarted {unit.restarts} times so far")
    if unit.result == "start-limit-hit":
        parts.append("start limit hit: systemd has given up for now")
    return ", ".join(part for part in parts if part) or "only when asked"


def _held(unit: LoadedUnit) -> bool:
    return any(drop_in.endswith(f"/{HOLD_FILE}") for drop_in in unit.drop_ins)


def _owns(unit: LoadedUnit, process: Process) -> bool:
    group = None if process.detail is None else process.detail.control_group
    if process.pid == unit.main_pid and unit.main_pid > 1:
        return True
    return bool(unit.control_group) and group is not None and f"{group}/".endswith(f"{unit.control_group}/")


def _trail(
    system: System, service: Service, scope: Scope, unit: LoadedUnit, file: UnitFile
) -> tuple[UnitEntry | None, Trail | None]:
    """The first ``ExecStart...`` that leads to the service, and how; the first of all when none does."""
    user = file.value("Service", "User") or scope.user
    home = scope.home if scope.user else home_of(system, user or "root")
    default = scope.home if scope.user else "/"
    cwd = expanded(file.value("Service", "WorkingDirectory").lstrip("-!"), unit.id, home, user) or default
    cwd = home if cwd == "~" else cwd
    entries = [
        entry
        for key in ("ExecStart", "ExecStartPost", "ExecStopPost")
        for entry in file.values("Service", key)
    ]
    for entry in entries:
        trail = follow_argv(system, service, exec_words(entry.value, unit.id, home, user), cwd)
        if trail is not None:
            return entry, trail
    return (entries[0] if entries else None), None


def _unit_file(system: System, unit: LoadedUnit) -> UnitFile:
    files = [path for path in (unit.fragment, *unit.drop_ins) if path]
    texts = ((path, system.read(path, _UNIT_LIMIT).value.decode(errors="backslashreplace")) for path in files)
    return merged([read_unit(text, path) for path, text in texts])


def _fragment(unit: LoadedUnit) -> Place | None:
    return Place(unit.fragment) if unit.fragment else None


def _not_loaded(system: System, scope: Scope, loaded: tuple[LoadedUnit, ...]) -> tuple[LoadedUnit, ...]:
    """Service files that systemd has not loaded, such as a disabled one: it will not be started."""
    known = {unit.id for unit in loaded} | {unit.fragment for unit in loaded}
    folders = (f"{scope.home}/.config/systemd/user", "/etc/systemd/user") if scope.user else _FOLDERS[:2]
    found: list[LoadedUnit] = []
    for folder in folders:
        for name in system.names(folder).value:
            if name.endswith(".service") and name not in known and "@." not in name:
                known.add(name)
                found.append(_unloaded(name, f"{folder}/{name}"))
    return tuple(found)


def _unloaded(name: str, path: str) -> LoadedUnit:
    return LoadedUnit(
        id=name, load_state="loaded", active_state="inactive", file_state="disabled", fragment=path,
        drop_ins=(), main_pid=0, control_group="", restart="", restarts=0, result="", triggered_by=(),
        triggers=(), upheld_by=(), transient=False, user="",
    )  # fmt: skip


RESTARTER = Restarter(kind="systemd", title="systemd units, timers, sockets and paths", jobs=jobs, hold=hold)
