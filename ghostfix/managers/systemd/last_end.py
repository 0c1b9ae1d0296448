"""Last end of a systemd unit: how it ended, or why it never ran, and what is at fault for it."""

from collections.abc import Sequence

from msgspec import structs

from ghostfix.managers.systemd.end_words import UnitEnd, ended, not_loadable
from ghostfix.managers.systemd.systemctl import LoadedUnit, Scope, scopes
from ghostfix.managers.systemd.unit_file import is_template
from ghostfix.managers.systemd.unit_journal import JournalRecord, command, own_lines, read_journal
from ghostfix.managers.systemd.unit_start import unit_file
from ghostfix.managers.systemd.unit_state import UnitState, unit_states
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import Platform, System
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service

_LATELY = 300.0
"""Seconds: how a unit that was restarted longer ago came to its last end is of no interest any more."""
_OUTLIVED = 2.0
"""A run that has lasted so many times as long as the one before it is no round of the same loop."""
_CODES = {"exited": 1, "killed": 2, "dumped": 3}


def last_ends(system: System, service: Service, jobs: tuple[Job, ...]) -> Reading[tuple[LastEnd, ...]]:
    """How the service's units ended; units that run well, or were never started, have no last end."""
    if system.platform is not Platform.LINUX:
        return Reading(())
    sure = [job for job in jobs if job.confidence is not Confidence.POSSIBLE and job.id.endswith(".service")]
    named = _named(service, jobs)
    found: list[LastEnd] = []
    absent: list[LastEnd] = []
    problems: list[str] = []
    for scope in scopes(system):
        units = [job.id for job in sure if job.scope == scope.name]
        states = unit_states(system, scope, list(dict.fromkeys([*units, *named])))
        problems += [states.problem] if states.problem else []
        for state in states.value:
            reading = _UnitLook(system, scope, state).end()
            problems += [reading.problem] if reading.problem else []
            if reading.value is not None:
                (absent if state.load_state == "not-found" else found).append(reading.value)
    if named and not problems and not any(end.job in named for end in found):
        found += absent[:1]
    return gathered(tuple(found), problems)


def _named(service: Service, jobs: Sequence[Job]) -> tuple[str, ...]:
    """The unit that the profile names as the service's manager, unless it is among the jobs."""
    kind, _, name = service.manager.partition(":")
    unit = name if name.endswith(".service") else f"{name}.service"
    if kind != "systemd" or not name or is_template(unit) or any(job.id == unit for job in jobs):
        return ()
    return (unit,)


class _UnitLook:
    """One unit, and what its manager and its journal say of its last run."""

    def __init__(self, system: System, scope: Scope, state: UnitState) -> None:
        self._system, self._scope, self._state = system, scope, state

    def end(self) -> Reading[LastEnd | None]:
        state = self._state
        if state.load_state != "loaded":
            return self._unloaded()
        if state.active_state in ("active", "reloading") or state.sub_state.startswith("start"):
            return self._before_this_run()
        if not (state.exited or state.unmet or state.active_state == "failed" or state.restarting):
            return Reading(None)
        journal = self._journal()
        return Reading(self._made(state, journal.value), journal.problem, journal.complete)

    def _unloaded(self) -> Reading[LastEnd | None]:
        if self._state.active_state not in ("inactive", "failed"):
            return Reading(None)
        bad = self._state.load_state not in ("not-found", "masked")
        journal = self._journal() if bad else Reading(())
        end = not_loadable(self._state, self._scope, journal.value)
        return Reading(end, journal.problem, journal.complete)

    def _before_this_run(self) -> Reading[LastEnd | None]:
        """How the run before this one ended, when systemd has restarted it a moment ago."""
        state = self._state
        began = self._at(state.started) or self._at(state.changed)
        if not state.restarts or began is None or self._system.now() - began > _LATELY:
            return Reading(None)
        journal = self._journal()
        if not journal.value:
            return Reading(None, journal.problem, journal.complete)
        earlier = tuple(record for record in journal.value if record.invocation != state.invocation)
        former = structs.replace(
            state,
            active_state="activating",
            result="success",
            code=0,
            status=0,
            exited=0,
            commands=(),
            unmet=False,
        )
        end = self._made(former, earlier, again=True)
        lived = _life(earlier)
        if lived is not None and self._system.now() - began > _OUTLIVED * lived:
            end = structs.replace(end, restarting=False)
        return Reading(end, journal.problem, journal.complete)

    def _made(self, state: UnitState, records: Sequence[JournalRecord], again: bool = False) -> LastEnd:
        invocation = _last_run(state, records)
        run = [record for record in records if record.invocation == invocation and invocation]
        if again:
            state = structs.replace(_filled(state, run), commands=self._state.commands)
        unit = LoadedUnit(id=state.unit, fragment=state.fragment, drop_ins=state.drop_ins)
        file = unit_file(self._system, unit).value
        moment = self._at(state.exited or state.inactive or state.refused)
        if again:
            moment = max((record.at for record in run if record.at is not None), default=None)
        end = ended(
            UnitEnd(system=self._system, scope=self._scope, state=state, file=file, records=tuple(run))
        )
        lines = own_lines(records, invocation) if invocation else ()
        return structs.replace(
            end,
            at=moment,
            starts=state.restarts,
            given_up=state.given_up and end.kind is not EndKind.STOPPED,
            restarting=state.restarting or again,
            lines=lines,
            log=" ".join(command(self._scope, state.unit)[:2]) if lines else None,
        )

    def _journal(self) -> Reading[tuple[JournalRecord, ...]]:
        return read_journal(self._system, self._scope, self._state.unit)

    def _at(self, moment: int) -> float | None:
        """Seconds since the epoch of a moment by the clock that counts from the boot, in microseconds."""
        return None if not moment else self._system.now() - (self._system.monotonic() - moment / 1e6)


def _life(records: Sequence[JournalRecord]) -> float | None:
    """Seconds between the first and the last record of the newest run; None when there are not two."""
    newest = next((record.invocation for record in reversed(records) if record.invocation), None)
    times = [record.at for record in records if record.at is not None and record.invocation == newest]
    return max(times) - min(times) if newest is not None and len(times) > 1 else None


def _last_run(state: UnitState, records: Sequence[JournalRecord]) -> str:
    """The invocation of the run that ended last."""
    told = {record.invocation for record in records if record.invocation}
    if state.invocation in told:
        return state.invocation
    return next((record.invocation for record in reversed(records) if record.invocation), "")


def _filled(state: UnitState, run: Sequence[JournalRecord]) -> UnitState:
    """The state at the end of an earlier run, by what systemd noted in the journal."""
    for record in run:
        if record.exit_code in _CODES:
            state = structs.replace(state, code=_CODES[record.exit_code], status=record.exit_status)
        if record.result:
            state = structs.replace(state, result=record.result)
    return state
