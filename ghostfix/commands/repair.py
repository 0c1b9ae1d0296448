"""``ghostfix repair``: does what the diagnosis asks for, in an order that holds, and watches it hold."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.commands import Config, Format, Name, Only, Output, Quiet, ShowSecrets, Skip, Verbose

if TYPE_CHECKING:
    from ghostfix.errors import ExitCode
    from ghostfix.execute import Decision, Run
    from ghostfix.machine import ActingSystem
    from ghostfix.pipeline import Diagnosis
    from ghostfix.plan import Plan
    from ghostfix.presentation import Presentation
    from ghostfix.step import Step


def repair(
    name: Name = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    step: Annotated[bool, typer.Option("--step", help="Ask before each step.")] = False,
    only: Only = None,
    skip: Skip = None,
    no_start: Annotated[bool, typer.Option("--no-start", help="Leave the service stopped.")] = False,
    evict: Annotated[
        bool, typer.Option("--evict", help="Also stop strangers that hold the service's ports.")
    ] = False,
    hold_for: Annotated[str, typer.Option(metavar="30s", help="How long to watch the repair hold.")] = "30s",
    rollback_on_failure: Annotated[
        bool, typer.Option("--rollback-on-failure", help="Undo the repair when it does not hold.")
    ] = False,
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Bring a service back, safely: every step is shown first, journaled, and can be undone.

    Example: `ghostfix repair --dry-run`, and then `ghostfix repair`
    """
    from ghostfix import pipeline, profile
    from ghostfix.checks import CHECKS
    from ghostfix.commands import codes, seconds
    from ghostfix.errors import ExitCode, ProfileError, RepairError
    from ghostfix.execute import InterruptedRepairError, execute, pin_processes, undo
    from ghostfix.plan import Choices
    from ghostfix.presence import require_presence
    from ghostfix.presentation import Presentation
    from ghostfix.system import local_system
    from ghostfix.telling import diagnosis_report

    known = tuple(check.code for check in CHECKS)
    chosen, left_out = codes(only, known), codes(skip, known)
    watch_for = 0.0 if no_start else seconds(hold_for, "--hold-for")
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    system = local_system()
    services = profile.load(system, name, config)
    if len(services) > 1:
        names = ", ".join(service.name for service in services)
        raise ProfileError(f"the profile has several services: {names}", "say which one to repair")
    service = services[0]
    with presentation.looking(service.name) as progress:
        diagnosis = pipeline.diagnose(system, service, only=chosen, skip=left_out, progress=progress)
    require_presence(diagnosis)
    plan = pipeline.plan(diagnosis, Choices(start=not no_start, evict=evict))
    pin_processes(system, plan)
    if dry_run or not plan.steps or not yes:
        report = diagnosis_report(system, diagnosis, plan=plan, reveal=show_secrets)
        presentation.show((report,), system)
        if dry_run or not plan.steps:
            raise typer.Exit(report.exit_code)
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    if not yes and not _wanted(plan, presentation, step):
        raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    confirm = _decision if step and not yes else None
    run = execute(system, plan, service, confirm=confirm, progress=presentation.step_progress(plan))
    try:
        code = _look_again(system, diagnosis, plan, run, presentation, watch_for)
    except KeyboardInterrupt:
        raise InterruptedRepairError(
            f"the watch was interrupted; the repair before it came to its end (run {run.id})",
            f"`ghostfix diagnose` looks again; `ghostfix undo {run.id}` takes the repair back",
            run,
        ) from None
    if code is not ExitCode.HEALTHY and (rollback_on_failure or presentation.agrees("Roll it back? [y/N] ")):
        undo(system, run.id, progress=presentation.step_progress(plan))
    raise typer.Exit(code)


def _wanted(plan: "Plan", presentation: "Presentation", step: bool) -> bool:
    """Whether the user, who has seen the plan, wants it; says why not when there is nobody to ask."""
    if not presentation.interactive:
        sys.stderr.write(
            "ghostfix: nothing was done: there is no terminal on which to ask.\n"
            "  `ghostfix repair --yes` does the plan as it stands.\n"
        )
        return False
    if step or presentation.agrees(f"Do these {len(plan.steps)} steps? [y/N] "):
        return True
    sys.stderr.write("ghostfix: nothing was done.\n")
    return False


def _decision(step: "Step") -> "Decision":
    from ghostfix.execute import Decision
    from ghostfix.presentation import ask
    from ghostfix.untrusted import shown

    answers = {"y": Decision.YES, "n": Decision.SKIP, "a": Decision.ALL, "q": Decision.QUIT}
    while True:
        answer = ask(f"{shown(step.preview())}? [y]es, [n]o, [a]ll, [q]uit: ")
        if answer is None:
            return Decision.QUIT
        if answer[:1].lower() in answers:
            return answers[answer[:1].lower()]


def _look_again(
    system: "ActingSystem",
    diagnosis: "Diagnosis",
    plan: "Plan",
    run: "Run",
    presentation: "Presentation",
    watch_for: float,
) -> "ExitCode":
    """Verifies, shows the report, gives the exit code; a repair that stopped half-way is not watched."""
    from ghostfix.errors import ExitCode
    from ghostfix.runs.archive import keep_report
    from ghostfix.telling import repair_report
    from ghostfix.verification import verify

    watched = run.complete and watch_for > 0
    with presentation.watching(watch_for) as progress:
        verification = verify(
            system,
            diagnosis.service,
            hold_for=watch_for if watched else 0.0,
            settle=30.0 if watched else 0.0,
            progress=progress,
        )
    if not run.complete:
        code = ExitCode.REPAIR_INCOMPLETE
    elif watched and not verification.held:
        code = ExitCode.NOT_HELD
    else:
        code = ExitCode.HEALTHY
    report = repair_report(diagnosis, plan, run, verification, code)
    keep_report(system, run.id, report)  # what is kept never shows secrets
    if presentation.reveal:
        report = repair_report(diagnosis, plan, run, verification, code, reveal=True)
    presentation.show((report,), system)
    return code
