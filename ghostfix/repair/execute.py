"""Execution of a plan and undoing of a run: the only caller of ``Step.apply`` and ``Step.undo``.

Every act goes the same way: check once more, capture what undoing needs, keep it on the disk, announce the
act in the journal, act, and record what became of it. So at any instant, a sudden end included, the
journal knows what has been done, what may have been done, and how to take it back.
"""

import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum

from msgspec import Struct, structs

from ghostfix.model.errors import (
    ChangedError,
    ExitCode,
    GhostfixError,
    RepairError,
    StepError,
    UnwritableError,
)
from ghostfix.model.machine import ActingSystem, Note, System
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded
from ghostfix.repair import journal, undo_data
from ghostfix.repair.journal import JournalWriter
from ghostfix.repair.journal_records import ACTING, EntryState, JournalEntry, RunState
from ghostfix.repair.plan import Plan
from ghostfix.repair.repair_lock import exclusive, undisturbed
from ghostfix.steps.terminate import let_all_go

# Which phases must have gone well before a step of this one is done.
#
#   STOP   A restarter that still acts would start again what is stopped: the kill would be futile.
#   CLEAN  Needs nothing: the step itself checks whether the file's process is gone.
#   FIX    Needs nothing: a venv can be repaired, whatever else went wrong.
#   START  Otherwise an instance might be left, or be started by another restarter, beside the new one, or
#          the new one would start in a broken environment. A PID file that was left does not hinder.
#   VERIFY Without a start there is nothing to send a test document to.
#
# A step went well when it was done or was not needed. One that the user did not want hinders nothing:
# the steps after it check for themselves, and were asked about or agreed to as well.
_NEEDS: Mapping[Phase, tuple[Phase, ...]] = {
    Phase.HOLD: (),
    Phase.STOP: (Phase.HOLD,),
    Phase.CLEAN: (),
    Phase.FIX: (),
    Phase.START: (Phase.HOLD, Phase.STOP, Phase.FIX),
    Phase.VERIFY: (Phase.START,),
}
_FOR_GOOD = "this cannot be taken back"
_HINDERS = frozenset({EntryState.REFUSED, EntryState.FAILED, EntryState.NOT_REACHED})


class Decision(Enum):
    """What the user says to one step."""

    YES = "yes"
    SKIP = "skip"
    ALL = "all"
    QUIT = "quit"


Confirm = Callable[[Step], Decision]
Progress = Callable[[JournalEntry], None]


class Run(Struct, frozen=True, kw_only=True):
    """A repair that was carried out, as far as it came."""

    id: str
    service: str
    entries: tuple[JournalEntry, ...]
    problem: str | None = None
    """Why the journal was not written to its end, when it could not be: the repair stopped there."""

    @property
    def complete(self) -> bool:
        """Every step was done, was not needed, or was not wanted, and the journal says so."""
        return self.problem is None and not any(
            entry.state in (*_HINDERS, EntryState.INTENT) for entry in self.entries
        )


class InterruptedRepairError(GhostfixError):
    """The user interrupted a repair or an undo; ``run`` is as far as it came."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str, hint: str, run: Run) -> None:
        super().__init__(message, hint)
        self.run = run


def _silent(entry: JournalEntry) -> None:
    """Ignores the entry: the default of ``progress``."""


def pin_processes(system: ActingSystem, plan: Plan) -> None:
    """Keeps hold of every process that the plan may signal; to be called before the user is asked.

    Where the kernel can see to it, no signal reaches a process that gets one of these PIDs later.
    """
    for step in plan.steps:
        for process in step.pins():
            system.pin(process)


def execute(
    system: ActingSystem,
    plan: Plan,
    service: Service,
    *,
    confirm: Confirm | None = None,
    progress: Progress = _silent,
) -> Run:
    """Does the steps of a plan in their order, journaled, and says what became of each.

    A step that is refused or fails does not end the repair: ``_NEEDS`` says what depends on it.
    ``confirm`` is asked before each step; ``progress`` hears of every change of an entry. A journal that
    cannot be written any more (a full disk) ends the repair where it stands, and the run says why. Raises
    RepairError when another repair of this service is going on or the journal cannot be begun, and
    InterruptedRepairError when the user interrupts.
    """
    with exclusive(system, service.name, service.directory, "repair"):
        pin_processes(system, plan)
        entries = [_planned(n, step) for n, step in enumerate(plan.steps, 1)]
        writer = journal.begin(system, service, entries)
        repair = _Repair(system, writer, entries, confirm, progress)
        try:
            repair.do(plan)
            run = Run(id=writer.run, service=service.name, entries=tuple(entries), problem=repair.problem)
            if run.problem is None:
                run = _ended(writer, run)
        except KeyboardInterrupt:
            again = shlex.join(("ghostfix", plan.asked[0], service.name, *plan.asked[1:]))
            raise _interrupted(writer, service.name, entries, "the repair", again) from None
    return run


def _ended(writer: JournalWriter, run: Run) -> Run:
    try:
        writer.ended(RunState.COMPLETE if run.complete else RunState.INCOMPLETE)
    except UnwritableError as error:
        return structs.replace(run, problem=error.message)
    return run


def would_undo(system: System, run: str) -> tuple[JournalEntry, ...]:
    """What ``undo`` would do, in its order: what is still to be undone as planned, the others as they are."""
    saved = journal.load(system, run)
    return tuple(
        structs.replace(entry, state=EntryState.PLANNED, detail=_prospect(entry))
        if _to_undo(entry)
        else _left_alone(entry)
        for entry in reversed(saved.entries)
        if entry.announced
    )


def undo(system: ActingSystem, run: str, *, progress: Progress = _silent) -> tuple[JournalEntry, ...]:
    """Takes back every act of a run that was done or may have been, the last first; may be repeated.

    What cannot be taken back stays, and is reported; the others are taken back all the same. Raises as
    ``execute`` does, and RepairError when the journal cannot be written any more.
    """
    saved = journal.load(system, run)
    with exclusive(system, saved.service, saved.directory, "undo"):
        saved = journal.load(system, run)  # what another undo has done until we held the lock
        acts = [entry for entry in reversed(saved.entries) if entry.announced]
        if not any(_to_undo(entry) for entry in acts):
            return tuple(_left_alone(entry) for entry in acts)
        writer = journal.reopen(system, run)
        undoing = _Undo(system, writer, progress)
        try:
            results = [undoing.take_back(entry) if _to_undo(entry) else _left_alone(entry) for entry in acts]
            failed = any(entry.state is EntryState.UNDO_FAILED for entry in results)
            writer.ended(RunState.UNDO_INCOMPLETE if failed else RunState.UNDONE)
        except KeyboardInterrupt:
            saved = journal.load(system, run)
            again = f"ghostfix repair {saved.service}"
            raise _interrupted(writer, saved.service, saved.entries, "the undo", again) from None
        except UnwritableError as error:
            raise UnwritableError(
                error.message, f"make room there, and `ghostfix undo {run}` goes on with what is left"
            ) from error
    return tuple(results)


@dataclass
class _Repair:
    """One plan being executed; ``entries`` is changed as it goes on."""

    system: ActingSystem
    writer: JournalWriter
    entries: list[JournalEntry]
    confirm: Confirm | None
    progress: Progress
    problem: str | None = None
    """Why the journal could not be written any more."""

    def do(self, plan: Plan) -> None:
        """Every step in its order, as long as what becomes of it can be written down."""
        try:
            self._do_all(plan)
        except UnwritableError as error:
            self.problem = error.message
            for n, entry in enumerate(self.entries):
                if entry.state is EntryState.PLANNED:
                    detail = "what would become of it cannot be written down"
                    self.entries[n] = structs.replace(entry, state=EntryState.NOT_REACHED, detail=detail)

    def _do_all(self, plan: Plan) -> None:
        quitting = False
        for n, step in enumerate(plan.steps, 1):
            hindrance = "you stopped the repair before it" if quitting else self._hindrance(step)
            if hindrance is not None:
                self._record(n, EntryState.NOT_REACHED, hindrance)
                continue
            decision = self._decide(step)
            if decision is Decision.SKIP:
                self._record(n, EntryState.SKIPPED, "you did not want it")
            elif decision is Decision.QUIT:
                quitting = True
                self._record(n, EntryState.NOT_REACHED, "you stopped the repair here")
            else:
                self._do_step(n, step)

    def _hindrance(self, step: Step) -> str | None:
        """Which earlier step must have gone well for this one, and has not."""
        needed = {phase.name.lower() for phase in _NEEDS[step.phase]}
        return next(
            (
                f"step {entry.n} ({entry.kind}) was not done, and this depends on it"
                for entry in self.entries
                if entry.phase in needed and entry.state in _HINDERS
            ),
            None,
        )

    def _decide(self, step: Step) -> Decision:
        if self.confirm is None:
            return Decision.YES
        decision = self.confirm(step)
        if decision is Decision.ALL:
            self.confirm = None
        return decision

    def _do_step(self, n: int, step: Step) -> None:
        with ExitStack() as locks:
            try:
                locks.enter_context(undisturbed(self.system, step))
            except StepError as error:
                self._record(n, EntryState.REFUSED, str(error))
                return
            self._prepare_and_act(n, step)

    def _prepare_and_act(self, n: int, step: Step) -> None:
        prepared = _prepare(step, self.system)
        if isinstance(prepared, Captured):
            try:
                self.writer.keep(n, undo_data.encode(step, prepared))
            except StepError as error:
                self._record(n, EntryState.REFUSED, str(error))
                return
            self._record(n, EntryState.INTENT, "")
            with self.system.noting(_noted(self.writer, n)):
                outcome = _act(step, self.system)
            self._record(n, *outcome)
        else:
            self._record(n, *prepared)

    def _record(self, n: int, state: EntryState, detail: str) -> None:
        entry = self.entries[n - 1]
        announced = entry.announced or state is EntryState.INTENT
        entry = structs.replace(entry, state=state, detail=safe(detail), announced=announced)
        if state is not EntryState.INTENT:  # what became of it is known, also where it cannot be written down
            self.entries[n - 1] = structs.replace(entry, at=self.system.now())
        self.entries[n - 1] = self.writer.note(entry)
        self.progress(self.entries[n - 1])


@dataclass(frozen=True)
class _Undo:
    """One run being taken back."""

    system: ActingSystem
    writer: JournalWriter
    progress: Progress

    def take_back(self, entry: JournalEntry) -> JournalEntry:
        self._record(entry, EntryState.UNDO_INTENT, "")
        try:
            act = undo_data.decode(journal.kept(self.system, self.writer.run, entry.n))
            touched = journal.touched(self.system, self.writer.run, entry.n)
            cut_off = entry.cut_off or entry.state in ACTING
            captured = structs.replace(undo_data.with_touched(act.captured, touched), cut_off=cut_off)
            with self.system.noting(_noted(self.writer, entry.n)), undisturbed(self.system, act.step):
                state, detail = self._undo(act.step, captured)
        except (StepError, RepairError) as error:
            return self._record(entry, EntryState.UNDO_FAILED, str(error))
        except Exception as error:  # a fault of ours in one step must not keep the others from being undone
            return self._record(entry, EntryState.UNDO_FAILED, _unexpected(error))
        return self._record(entry, state, detail)

    def _undo(self, step: Step, captured: Captured) -> tuple[EntryState, str]:
        """Takes it back, or the half that can be; what its act has stopped runs on in any case."""
        if not step.reversible:
            released = step.release(self.system, captured)
            return (EntryState.IRREVERSIBLE, _FOR_GOOD) if released is None else (EntryState.UNDONE, released)
        said = (step.undo(self.system, captured), let_all_go(self.system, captured.held))
        return EntryState.UNDONE, "; ".join(filter(None, said))

    def _record(self, entry: JournalEntry, state: EntryState, detail: str) -> JournalEntry:
        entry = self.writer.note(structs.replace(entry, state=state, detail=safe(detail)))
        self.progress(entry)
        return entry


def _prepare(step: Step, system: System) -> Captured | tuple[EntryState, str]:
    """Whether the step is still right, and then what undoing it will need."""
    try:
        verdict = step.precondition(system)
        if isinstance(verdict, Refused):
            return EntryState.REFUSED, verdict.reason
        if isinstance(verdict, Unneeded):
            return EntryState.UNNEEDED, verdict.reason
        return step.capture(system)
    except ChangedError as error:
        return EntryState.REFUSED, str(error)
    except StepError as error:
        return EntryState.FAILED, str(error)
    except Exception as error:  # recorded as what became of this step; nothing was touched
        return EntryState.FAILED, _unexpected(error)


def _act(step: Step, system: ActingSystem) -> tuple[EntryState, str]:
    try:
        return EntryState.DONE, step.apply(system)
    except ChangedError as error:
        return EntryState.REFUSED, str(error)
    except (StepError, UnwritableError) as error:  # the latter: whom it touches could not be written down
        return EntryState.FAILED, str(error)
    except Exception as error:  # recorded as what became of this step, so that it can be undone
        return EntryState.FAILED, _unexpected(error)


def _unexpected(error: Exception) -> str:
    return f"an internal error, {type(error).__name__}: {error}"


def _planned(n: int, step: Step) -> JournalEntry:
    return JournalEntry(
        n=n,
        kind=step.kind,
        phase=step.phase.name.lower(),
        preview=safe(step.preview()),
        reversible=step.reversible,
    )


def _noted(writer: JournalWriter, n: int) -> Note:
    """Keeps whom the act of step ``n`` touches."""
    return lambda touch, processes: writer.touched(
        n, undo_data.encode_touched(undo_data.Touched(touch, processes))
    )


def _to_undo(entry: JournalEntry) -> bool:
    """Also what cannot be taken back, if it did not come to its end: it may have left something half done."""
    finished = {EntryState.UNDONE, EntryState.IRREVERSIBLE}
    if not entry.reversible:
        finished.add(EntryState.DONE)
    return entry.announced and entry.state not in finished


def _prospect(entry: JournalEntry) -> str:
    if entry.reversible:
        return f"would be taken back: {entry.preview}"
    return f"would be let go, if it was stopped and not ended: {entry.preview}"


def _left_alone(entry: JournalEntry) -> JournalEntry:
    """An entry that undo does not touch, and why."""
    if entry.state is EntryState.UNDONE:
        return entry
    return structs.replace(entry, state=EntryState.IRREVERSIBLE, detail=_FOR_GOOD)


def _interrupted(
    writer: JournalWriter,
    service: str,
    entries: list[JournalEntry] | tuple[JournalEntry, ...],
    what: str,
    again: str,
) -> InterruptedRepairError:
    """Writes the interruption down, and says where things stand and what to type next."""
    in_flight = [entry for entry in entries if entry.state in ACTING]
    standing = f"; step {in_flight[0].n} may be half done: {in_flight[0].preview}" if in_flight else ""
    finished = sum(entry.at is not None for entry in entries) - len(in_flight)
    message = f"{what} was interrupted after {finished} of {len(entries)} steps{standing}"
    with suppress(UnwritableError):  # without that line it is a run that came to no end
        writer.ended(RunState.INTERRUPTED, message)
    return InterruptedRepairError(
        message,
        f"`ghostfix undo {writer.run}` takes back what was done; `{again}` looks again and goes on",
        Run(id=writer.run, service=service, entries=tuple(entries)),
    )
