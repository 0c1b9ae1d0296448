"""Reports: those of a diagnosis, a plan and a repair, with their notes and exit codes."""

from collections.abc import Sequence

from msgspec import structs

from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.diagnosis.judgement import exit_code
from ghostfix.diagnosis.respawn_text import starter, tally
from ghostfix.model.errors import ExitCode, RepairError
from ghostfix.model.finding import Severity
from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.observation import Observation, Respawn
from ghostfix.model.report import EntryReport, EventReport, Report, RunReport
from ghostfix.model.text_units import utc_text
from ghostfix.repair.execute import Run
from ghostfix.repair.journal import unfinished
from ghostfix.repair.plan import Plan
from ghostfix.repair.verification import Verification
from ghostfix.report.report_builder import compose

_MOST_NOTES = 6


def diagnosis_report(
    system: System | None,
    diagnosis: Diagnosis,
    *,
    plan: Plan | None = None,
    fail_on: Severity = Severity.ERROR,
    notes: Sequence[str] = (),
    reveal: bool = False,
) -> Report:
    """What was found; with a plan, what a repair would do. Its exit code is a diagnosis's.

    ``system`` is where earlier repairs are searched; None for a snapshot of another machine.
    """
    observation = diagnosis.snapshot.observation.value
    report = compose(
        diagnosis.service,
        diagnosis.snapshot,
        diagnosis.results,
        diagnosis.causes,
        plan=plan,
        run=None if plan is None else RunReport(id="", dry_run=True, entries=()),
        exit_code=exit_code(diagnosis.results, fail_on),
        verdict=diagnosis.verdict,
        notes=(
            *(_earlier_runs(system, diagnosis) if system else ()),
            *_watched(observation, diagnosis.snapshot.jobs),
            *(
                f"{each.kind}: {each.reading.note}"
                for each in diagnosis.snapshot.restarters
                if each.reading.note
            ),
            *notes,
        ),
        reveal=reveal,
    )
    events = (*report.events, *_respawns(observation, diagnosis.snapshot.jobs))
    return structs.replace(report, events=events, fail_on=fail_on.value)


def repair_report(
    diagnosis: Diagnosis,
    plan: Plan,
    run: Run,
    verification: Verification,
    code: ExitCode,
    *,
    notes: Sequence[str] = (),
    reveal: bool = False,
) -> Report:
    """What was found before, what was done, and how the machine is now."""
    before = compose(
        diagnosis.service,
        diagnosis.snapshot,
        diagnosis.results,
        diagnosis.causes,
        plan=plan,
        run=RunReport(id=run.id, dry_run=False, entries=_entries(run)),
        verification=verification.report,
        exit_code=code,
        verdict=verification.verdict,
        notes=tuple(notes),
        reveal=reveal,
    )
    now = compose(
        diagnosis.service,
        verification.snapshot,
        verification.results,
        (),
        exit_code=code,
        verdict=verification.verdict,
        reveal=reveal,
    )
    return structs.replace(
        before,
        taken_at=now.taken_at,
        metrics=now.metrics,
        instances=now.instances,
        restarters=now.restarters,
        ends=now.ends,
    )


def _entries(run: Run) -> tuple[EntryReport, ...]:
    return tuple(
        EntryReport(n=entry.n, kind=entry.kind, state=entry.state.value, detail=entry.detail, at=entry.at)
        for entry in run.entries
    )


def _earlier_runs(system: System, diagnosis: Diagnosis) -> Sequence[str]:
    """What an earlier repair left half done, or why that could not be seen."""
    try:
        left = unfinished(system, diagnosis.service)
    except RepairError as error:
        return (f"whether an earlier repair is unfinished could not be seen: {error.message}",)
    return [
        f"repair {run.id} of {when(run.started)} came to no end: "
        f"{run.done} of {run.steps} steps may be done; "
        f"`ghostfix undo {run.id}` takes them back, `ghostfix repair` goes on from here"
        for run in left
    ]


def _watched(observation: Observation | None, jobs: Sequence[Job]) -> Sequence[str]:
    """What ended while we watched, and who started the service again."""
    if observation is None:
        return ()
    if observation.held:
        return (f"watched for {observation.seconds:.0f} s: nothing was started, nothing ended",)
    if len(observation.ended) + len(observation.respawns) > _MOST_NOTES:
        return (tally(observation),)
    return [
        *(f"pid {ended.pid} ended during the watch" for ended in observation.ended),
        *(_started(respawn, jobs) for respawn in observation.respawns),
    ]


def _respawns(observation: Observation | None, jobs: Sequence[Job]) -> Sequence[EventReport]:
    """Who was started while we watched, as events."""
    if observation is None:
        return ()
    return [
        EventReport(at=respawn.seen_at, kind="respawn", text=_started(respawn, jobs))
        for respawn in observation.respawns
    ]


def _started(respawn: Respawn, jobs: Sequence[Job]) -> str:
    return f"pid {respawn.process.pid} was started at {when(respawn.seen_at)} by {starter(respawn, jobs)}"


def when(at: float | None) -> str:
    """A time as people read it, in UTC."""
    return "unknown time" if at is None else utc_text(at)
