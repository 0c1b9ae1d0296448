"""Carrying a plan out: it was shown, is agreed to, done, watched, reported, and perhaps rolled back."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.model.errors import ExitCode, ProfileError, RepairError, StepError
from ghostfix.model.machine import ActingSystem
from ghostfix.model.report import Report
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.repair.execute import Decision, InterruptedRepairError, Run, execute, undo
from ghostfix.repair.plan import Plan
from ghostfix.repair.verification import Verification, verify
from ghostfix.report.advice import command
from ghostfix.report.output import Presentation, ask
from ghostfix.report.reports import repair_report
from ghostfix.report.saved_reports import keep_report

_SETTLE = 30.0
"""Seconds that a service has to be well after its start."""


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """How the user wants a plan to be carried out."""

    yes: bool
    """Without being asked."""
    each: bool = False
    """Asked before each step."""
    watch_for: float = 30.0
    """Seconds."""
    settle: float = _SETTLE
    roll_back: bool = False
    """When it does not hold."""


def wanted(plan: Plan, service: Service, presentation: Presentation, options: ExecutionOptions) -> bool:
    """Whether the user, who has seen the plan, wants it; says why not when there is no terminal."""
    if options.yes:
        return True
    if not presentation.interactive:
        name, *given = plan.asked
        again = command(name, service.name, service.profile, *given, "--yes")
        sys.stderr.write(
            "ghostfix: nothing was done: there is no terminal on which to ask.\n"
            f"  `{safe(again, 1_000)}` does the plan as it stands.\n"
        )
        return False
    these = "this step" if len(plan.steps) == 1 else f"these {len(plan.steps)} steps"
    if options.each or presentation.agrees(f"Do {these}? [y/N] "):
        return True
    sys.stderr.write("ghostfix: nothing was done.\n")
    return False


def carry_out(
    system: ActingSystem,
    diagnosis: Diagnosis,
    plan: Plan,
    service: Service,
    presentation: Presentation,
    options: ExecutionOptions,
    notes: tuple[str, ...] = (),
) -> tuple[Run, ExitCode]:
    """Executes the plan, watches ``service`` hold, shows the report, and rolls back where that is wanted.

    Raises InterruptedRepairError when the user interrupts.
    """
    confirm = _decision if options.each and not options.yes else None
    progress = presentation.step_progress(plan)
    run = execute(system, plan, service, confirm=confirm, progress=progress)
    try:
        code = _verify(system, diagnosis, plan, run, service, presentation, options, notes)
    except KeyboardInterrupt:
        raise InterruptedRepairError(
            f"the watch was interrupted; the repair before it came to its end (run {run.id})",
            f"`ghostfix diagnose` looks again; `ghostfix undo {run.id}` takes the repair back",
            run,
        ) from None
    if code is not ExitCode.HEALTHY and (options.roll_back or presentation.agrees("Roll it back? [y/N] ")):
        undo(system, run.id, progress=progress)
    return run, code


def _decision(step: Step) -> Decision:
    answers = {"y": Decision.YES, "n": Decision.SKIP, "a": Decision.ALL, "q": Decision.QUIT}
    while True:
        answer = ask(f"{safe(step.preview())}? [y]es, [n]o, [a]ll, [q]uit: ")
        if answer is None:
            return Decision.QUIT
        if answer[:1].lower() in answers:
            return answers[answer[:1].lower()]


def _verify(
    system: ActingSystem,
    diagnosis: Diagnosis,
    plan: Plan,
    run: Run,
    service: Service,
    presentation: Presentation,
    options: ExecutionOptions,
    notes: tuple[str, ...],
) -> ExitCode:
    """Verifies, shows the report, gives the exit code."""
    with presentation.watch_progress(options.watch_for) as progress:
        verification, code = verified(system, run, service, options, progress)
    report = repair_report(diagnosis, plan, run, verification, code, notes=notes)
    unkept = keep(system, run, report)  # what is kept never shows secrets
    if presentation.reveal:
        report = repair_report(diagnosis, plan, run, verification, code, notes=notes, reveal=True)
    try:
        presentation.show((report,), system)
    except ProfileError as error:  # what was done is done, and its exit code stays
        sys.stderr.write(
            f"ghostfix: {safe(error.message)}\n  `ghostfix report {run.id}` shows the report again.\n"
        )
    if run.problem is not None:
        sys.stderr.write(
            f"ghostfix: the repair stopped: {safe(run.problem, 500)}\n"
            f"  Make room there, and `ghostfix undo {run.id}` takes back what was done.\n"
        )
    elif unkept is not None:
        sys.stderr.write(
            f"ghostfix: the report of run {run.id} was not kept: {safe(unkept, 500)}\n"
            f"  `ghostfix undo {run.id}` takes back what was done all the same.\n"
        )
    return code


def verified(
    system: ActingSystem,
    run: Run,
    service: Service,
    options: ExecutionOptions,
    progress: Callable[[float], None],
) -> tuple[Verification, ExitCode]:
    """Looks again, and watches the service hold; a repair that stopped half-way is not watched."""
    watched = run.complete and options.watch_for > 0
    verification = verify(
        system,
        service,
        hold_for=options.watch_for if watched else 0.0,
        settle=options.settle if watched else 0.0,
        progress=progress,
    )
    if not run.complete:
        return verification, ExitCode.REPAIR_INCOMPLETE
    held = not watched or verification.held
    return verification, ExitCode.HEALTHY if held else ExitCode.NOT_HELD


def keep(system: ActingSystem, run: Run, report: Report) -> str | None:
    """Keeps the report beside the journal; a text says why it could not. The repair is as good without."""
    try:
        keep_report(system, run.id, report)
    except (StepError, RepairError) as error:
        return str(error)
    return None
