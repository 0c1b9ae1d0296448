"""``ghostfix repair``: does what the diagnosis asks for, in an order that holds, and watches it hold."""

from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.commands import (
    Config,
    Format,
    Name,
    Only,
    Output,
    Quiet,
    ShowSecrets,
    Skip,
    Verbose,
    subcommand,
)

if TYPE_CHECKING:
    from ghostfix.commands.carry_out import ExecutionOptions
    from ghostfix.diagnosis.diagnosis import Diagnosis
    from ghostfix.model.errors import ExitCode
    from ghostfix.report.output import Presentation

app = subcommand()


@app.command()
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
    from ghostfix.commands import one_service, seconds
    from ghostfix.commands.carry_out import ExecutionOptions, carry_out, wanted
    from ghostfix.commands.diagnoses import diagnose
    from ghostfix.commands.machine import local_system
    from ghostfix.diagnosis.check_selection import codes
    from ghostfix.diagnosis.checks import CHECKS
    from ghostfix.diagnosis.presence import require_presence
    from ghostfix.model.errors import ExitCode, RepairError
    from ghostfix.repair.execute import pin_processes
    from ghostfix.repair.plan import Choices, as_asked
    from ghostfix.repair.plan import plan as make
    from ghostfix.report.output import Presentation
    from ghostfix.report.reports import diagnosis_report
    from ghostfix.service import profile
    from ghostfix.system.reader_loss import survive_reader_loss

    known = tuple(check.code for check in CHECKS)
    chosen, left_out = codes(only, known), codes(skip, known)
    watch_for = 0.0 if no_start else seconds(hold_for, "--hold-for")
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    if not dry_run:
        survive_reader_loss()
    system = local_system()
    service = one_service(system, name, config, "repair")
    with presentation.survey_progress(service.name) as progress:
        diagnosis = diagnose(system, service, only=chosen, skip=left_out, progress=progress)
    require_presence(diagnosis)
    plan = make(diagnosis, Choices(start=not no_start, evict=evict))
    plan = as_asked(
        plan, service, config, {"--only": only, "--skip": skip, "--no-start": no_start, "--evict": evict}
    )
    pin_processes(system, plan)
    if dry_run or not plan.steps or not yes:
        report = diagnosis_report(system, diagnosis, plan=plan, reveal=show_secrets)
        presentation.show((report,), system)
        if dry_run or not plan.steps:
            raise typer.Exit(report.exit_code)
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    options = ExecutionOptions(yes=yes, each=step, watch_for=watch_for, roll_back=rollback_on_failure)
    if not wanted(plan, service, presentation, options):
        raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    _, code = carry_out(system, diagnosis, plan, service, presentation, options)
    raise typer.Exit(_kept(diagnosis, presentation, options) if code is ExitCode.HEALTHY else code)


def _kept(diagnosis: "Diagnosis", presentation: "Presentation", options: "ExecutionOptions") -> "ExitCode":
    """The last phase, for who is there to be asked: one manager for good, where the service has none."""
    from ghostfix.commands.adopt import give
    from ghostfix.diagnosis.available_managers import available_managers
    from ghostfix.model.errors import ExitCode

    available = available_managers(diagnosis.snapshot, diagnosis.service)
    one_document = presentation.format != "terminal" or presentation.output is not None
    if options.yes or not options.watch_for or one_document or not available:
        return ExitCode.HEALTHY
    question = f"It holds. To keep it so, give it to {available[0]} for good (you see the job first)? [y/N] "
    if not presentation.agrees(question):
        return ExitCode.HEALTHY
    return give(diagnosis.service, available[0], presentation, options)
