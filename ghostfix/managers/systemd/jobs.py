"""systemd: services that it restarts, and the timers, sockets and paths that start them."""

from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import structs

from ghostfix.managers.restarter import Restarter
from ghostfix.managers.systemd.hold_unit import HOLD_FILE, HoldUnit
from ghostfix.managers.systemd.last_end import last_ends
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.managers.systemd.systemctl import (
    LoadedUnit,
    Scope,
    loaded_units,
    named_units,
    scopes,
    unit_digest,
    unit_folders,
)
from ghostfix.managers.systemd.unit_file import RESTARTS, UnitFile, exec_command, expanded, is_template
from ghostfix.managers.systemd.unit_ownership import runs_itself
from ghostfix.managers.systemd.unit_start import UnitStart, unit_file, unit_start
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import Platform, System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.service.instance import roots

_ENABLED = ("enabled", "enabled-runtime")
_AGAIN = {
    "timer": ("OnUnitInactiveSec",),
    "path": ("PathExists", "PathExistsGlob", "DirectoryNotEmpty"),
}
"""The settings by which a trigger starts its service whenever that has ended (systemd.timer(5), .path(5))."""
_WHEN = frozenset(
    {"OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"}
    | {"ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "ListenSpecial"}
    | {"PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"}
)


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """Every unit, of the machine and of users, that runs the service, owns it, or triggers one that does.

    A systemd that does not answer is "could not look"; a machine without systemd has none of its jobs.
    """
    if system.platform is not Platform.LINUX:
        return Reading(())
    found: list[Job] = []
    problems: list[str] = []
    for scope in scopes(system):
        loaded = loaded_units(system, scope)
        if not loaded.complete:
            problems.append(loaded.problem or "")
            continue
        look = _UnitSearch(system, service, scope, tree, problems)
        found += look.jobs(loaded.value + look.not_loaded(loaded.value))
    return gathered(_told_apart(service, found), problems)


def _told_apart(service: Service, found: Sequence[Job]) -> tuple[Job, ...]:
    """Marks a user's unit which has the name of one of the machine's, where the profile means that one."""
    if service.manager.partition(":")[0] != "systemd":
        return tuple(found)
    of_machine = {job.id for job in found if job.scope == "system"}
    return tuple(
        structs.replace(job, namesake=True) if job.scope != "system" and job.id in of_machine else job
        for job in found
    )


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """A drop-in that keeps the unit from starting, and a stop; nothing for one that is held or masked."""
    if not job.enabled and not job.starts:
        return ()
    digest = job.source.decode("ascii", "replace")
    return (HoldUnit(reason=reason, unit=job.id, scope=job.scope, digest=digest),)


def restart(job: Job, reason: str) -> tuple[Step, ...]:
    """Starts the unit, or restarts it when it runs; its timers, sockets and paths are left as they are."""
    if not job.id.endswith(".service"):
        return ()
    return (RestartUnit(reason=reason, unit=job.id, scope=job.scope),)


class _UnitSearch:
    """One manager's units, read for one service."""

    def __init__(
        self, system: System, service: Service, scope: Scope, tree: ProcessTree, problems: list[str]
    ) -> None:
        self.system, self.service, self.scope, self.tree = system, service, scope, tree
        self.running = roots(tree, system.caller().own_pids, service)
        self.problems = problems

    def not_loaded(self, loaded: Sequence[LoadedUnit]) -> tuple[LoadedUnit, ...]:
        """The services in the administrator's folders, and the profile's own, that are not in memory.

        What is enabled is in memory: its target wants it. So these are not armed, but they are there.
        """
        known = {name for unit in loaded for name in (unit.id, *unit.names)}
        wanted: list[str] = []
        for folder in unit_folders(self.system, self.scope):
            if folder.startswith(("/usr/", "/lib/", "/run/")):
                continue
            for name in self.system.names(folder).value:
                if name in known or not name.endswith(".service") or is_template(name):
                    continue
                unit = LoadedUnit(id=name, fragment=f"{folder}/{name}")
                file = unit_file(self.system, unit)
                if self._start(name, file.value).trail is not None:
                    wanted.append(name)
        kind, _, name = self.service.manager.partition(":")
        if kind == "systemd" and name.endswith(".service") and name not in known and not is_template(name):
            wanted.append(name)
        reading = named_units(self.system, self.scope, tuple(dict.fromkeys(wanted)))
        if reading.problem is not None:
            self.problems.append(reading.problem)
        return reading.value

    def jobs(self, units: Sequence[LoadedUnit]) -> Iterator[Job]:
        by_id = {unit.id: unit for unit in units}
        for unit in by_id.values():
            if not unit.id.endswith(".service") or unit.load_state == "not-found":
                continue
            reading = unit_file(self.system, unit)
            start = self._start(unit.id, reading.value)
            owned = tuple(process for process in self.running if _owns(unit, process))
            if not owned and self.tree.is_sister(unit.main_pid):
                continue
            own = any(self._runs_itself(unit, process) for process in owned)
            # The user's word counts more than a command that cannot be followed.
            if start.trail is None and not own and not self._is_named(unit.id):
                self.problems += [each for each in (reading.problem, *start.problems) if each]
                continue
            job = self._service_job(unit, reading.value, start, owned)
            yield job
            for trigger in unit.triggered_by:
                if trigger in by_id:
                    yield self._trigger_job(by_id[trigger], job)

    def _is_named(self, unit: str) -> bool:
        """Whether the profile names this very unit as the service's manager."""
        kind, _, name = self.service.manager.partition(":")
        scopes_meant = ("systemd-user",) if self.scope.user else ("systemd",)
        return kind in scopes_meant and unit in (name, f"{name}.service")

    def _start(self, unit: str, file: UnitFile) -> UnitStart:
        return unit_start(self.system, self.service, self.scope, unit, file)

    def _runs_itself(self, unit: LoadedUnit, process: Process) -> bool:
        above = self.tree.ancestors(process.pid)
        return runs_itself(unit.main_pid, process, above, self.system.managers)

    def _is_left(self, unit: LoadedUnit, process: Process) -> bool:
        """Whether it is neither the unit's main process nor below it, but left of an earlier start."""
        above = (process, *self.tree.ancestors(process.pid))
        return all(each.pid != unit.main_pid for each in above)

    def _service_job(
        self, unit: LoadedUnit, file: UnitFile, start: UnitStart, owned: Sequence[Process]
    ) -> Job:
        condition = RESTARTS.get(unit.restart)
        armed = unit.load_state != "masked" and not _held(unit)
        return Job(
            kind="systemd",
            id=unit.id,
            scope=self.scope.name,
            where=start.place or _fragment(unit),
            command=exec_command(start.entry.value) if start.entry else "",
            trigger=_words(unit, condition, "at login or boot" if self.scope.user else "at boot"),
            enabled=armed and (_pulled(unit) or (unit.active and condition is not None)),
            restarts_on_exit=condition is not None or bool(unit.upheld_by),
            link=start.trail.link if start.trail is not None else Link(LinkKind.OWNS_PROCESS),
            confidence=Confidence.CERTAIN if self._is_named(unit.id) else _confidence(unit, start, owned),
            guarded=True,
            starts=tuple(process.pid for process in sorted(owned, key=partial(self._is_left, unit))),
            output=tuple(self._filled(unit, path) for path in file.output),
            source=self._digest(unit),
        )

    def _filled(self, unit: LoadedUnit, path: str) -> str:
        """A path with the specifiers of its unit filled in."""
        return expanded(path, unit.id, self.scope.home, self.scope.user or "root")

    def _trigger_job(self, trigger: LoadedUnit, job: Job) -> Job:
        file = unit_file(self.system, trigger).value
        suffix = trigger.id.rpartition(".")[2]
        settings = [entry for entry in file.entries if entry.key in _WHEN and entry.value]
        first = settings[0] if settings else None
        words = ", ".join(f"{entry.key}={entry.value}" for entry in settings[:3])
        return Job(
            kind="systemd",
            id=trigger.id,
            scope=job.scope,
            where=first.place if first else _fragment(trigger),
            command=f"starts {job.id}",
            trigger=(f"by its {suffix}: {words}" if words else f"by its {suffix}") + _state_words(trigger),
            enabled=trigger.load_state != "masked"
            and not _held(trigger)
            and (trigger.active or _pulled(trigger)),
            restarts_on_exit=any(entry.key in _AGAIN.get(suffix, ()) for entry in settings),
            link=job.link,
            confidence=job.confidence,
            guarded=True,
            keeps_socket=suffix == "socket",
            source=self._digest(trigger),
        )

    def _digest(self, unit: LoadedUnit) -> bytes:
        """By which a hold knows that it is still the unit that was read."""
        return unit_digest(self.system, unit.fragment, unit.drop_ins, without=HOLD_FILE).encode()


def _owns(unit: LoadedUnit, process: Process) -> bool:
    """By its main PID or its control group, which a process keeps when the unit is inactive (KillMode=)."""
    if process.pid == unit.main_pid and unit.main_pid > 1:
        return True
    group = None if process.detail is None else process.detail.control_group
    if not unit.control_group or group is None:
        return False
    return group == unit.control_group or group.startswith(f"{unit.control_group}/")


def _confidence(unit: LoadedUnit, start: UnitStart, owned: Sequence[Process]) -> Confidence:
    """That it *starts* the service; what merely runs in its group may have been started by hand."""
    if start.trail is not None:
        return Confidence.CERTAIN if owned else start.trail.confidence
    if any(process.pid == unit.main_pid for process in owned):
        return Confidence.CERTAIN
    return Confidence.POSSIBLE


def _pulled(unit: LoadedUnit) -> bool:
    """Whether something in systemd will start it: boot, another unit, what upholds it."""
    return unit.file_state in _ENABLED or bool(unit.pulled_by or unit.upheld_by or unit.called_by)


def _held(unit: LoadedUnit) -> bool:
    return any(drop_in.endswith(f"/{HOLD_FILE}") for drop_in in unit.drop_ins)


def _words(unit: LoadedUnit, condition: str | None, at_boot: str) -> str:
    targets = [name for name in unit.pulled_by if name.endswith(".target")]
    others = [name for name in unit.pulled_by if not name.endswith(".target")]
    parts = [f"{condition} (Restart={unit.restart})" if condition else ""]
    if targets or (unit.file_state in _ENABLED and not others):
        parts.append(f"{at_boot} ({', '.join(targets)})" if targets else at_boot)
    if others:
        parts.append(f"with {', '.join(others)}")
    if unit.upheld_by:
        parts.append(f"whenever it is down (upheld by {', '.join(unit.upheld_by)})")
    if unit.called_by:
        parts.append(f"when {', '.join(unit.called_by)} ends")
    if unit.restarts:
        parts.append(f"restarted {unit.restarts} {'time' if unit.restarts == 1 else 'times'} so far")
    if unit.given_up:
        parts.append("start limit hit: systemd has given up for now")
    return (", ".join(part for part in parts if part) or "only when asked") + _state_words(unit)


def _state_words(unit: LoadedUnit) -> str:
    if _held(unit):
        return "; held by ghostfix"
    return "; masked" if unit.load_state == "masked" else ""


def _fragment(unit: LoadedUnit) -> Place | None:
    return Place(unit.fragment) if unit.fragment else None


RESTARTER = Restarter(
    kind="systemd",
    title="systemd units, timers, sockets and paths",
    jobs=jobs,
    hold=hold,
    restart=restart,
    last_ends=last_ends,
    counts_restarts=True,
)
