"""A repair as it is asked for: the diagnosis, the plan that is shown, the question, and what comes of it."""

from msgspec import Struct

from ghostfix.commands import machine, one_service, seconds
from ghostfix.commands.adoption import give
from ghostfix.commands.carry_out import ExecutionOptions, carry_out, wanted
from ghostfix.commands.diagnoses import diagnose
from ghostfix.diagnosis.available_managers import available_managers
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.diagnosis.presence import require_presence
from ghostfix.model.errors import ExitCode, RepairError
from ghostfix.repair.execute import pin_processes
from ghostfix.repair.plan import Choices, Plan, as_asked
from ghostfix.repair.plan import plan as make
from ghostfix.report.output import Presentation
from ghostfix.report.reports import diagnosis_report
from ghostfix.service import profile
from ghostfix.system.reader_loss import survive_reader_loss


class RepairOptions(Struct, frozen=True, kw_only=True):
    """What the command line says, as it was typed."""

    name: str | None
    config: str | None
    dry_run: bool
    yes: bool
    step: bool
    only: str | None
    skip: str | None
    no_start: bool
    evict: bool
    hold_for: str
    rollback_on_failure: bool
    format: str
    output: str | None
    quiet: bool
    verbose: bool
    show_secrets: bool


def repaired(options: RepairOptions) -> int:
    """Surveys, plans, prints the plan, asks and repairs; the exit code."""
    known = tuple(check.code for check in CHECKS)
    chosen, left_out = codes(options.only, known), codes(options.skip, known)
    watch_for = 0.0 if options.no_start else seconds(options.hold_for, "--hold-for")
    presentation = Presentation.of(
        options.format,
        options.output,
        quiet=options.quiet,
        verbose=options.verbose,
        reveal=options.show_secrets,
    )
    if not options.dry_run:
        survive_reader_loss()
    system = machine.local_system()
    service = one_service(system, options.name, options.config, "repair")
    with presentation.survey_progress(service.name) as progress:
        diagnosis = diagnose(system, service, only=chosen, skip=left_out, progress=progress)
    require_presence(diagnosis)
    plan = planned(
        diagnosis,
        options.config,
        only=options.only,
        skip=options.skip,
        no_start=options.no_start,
        evict=options.evict,
    )
    pin_processes(system, plan)
    if options.dry_run or not plan.steps or not options.yes:
        report = diagnosis_report(system, diagnosis, plan=plan, reveal=options.show_secrets)
        presentation.show((report,), system)
        if options.dry_run or not plan.steps:
            return report.exit_code
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    manner = ExecutionOptions(
        yes=options.yes, each=options.step, watch_for=watch_for, roll_back=options.rollback_on_failure
    )
    if not wanted(plan, service, presentation, manner):
        return ExitCode.REPAIR_INCOMPLETE
    _, code = carry_out(system, diagnosis, plan, service, presentation, manner)
    return _kept(diagnosis, presentation, manner) if code is ExitCode.HEALTHY else code


def planned(
    diagnosis: Diagnosis,
    config: str | None,
    *,
    only: str | None = None,
    skip: str | None = None,
    no_start: bool = False,
    evict: bool = False,
) -> Plan:
    """What a repair would do that is asked for with these options."""
    plan = make(diagnosis, Choices(start=not no_start, evict=evict))
    given = {"--only": only, "--skip": skip, "--no-start": no_start, "--evict": evict}
    return as_asked(plan, diagnosis.service, config, given)


def _kept(diagnosis: Diagnosis, presentation: Presentation, manner: ExecutionOptions) -> ExitCode:
    """The last phase, for who is there to be asked: one manager for good, where the service has none."""
    at_hand = available_managers(diagnosis.snapshot, diagnosis.service)
    one_document = presentation.format != "terminal" or presentation.output is not None
    if manner.yes or not manner.watch_for or one_document or not at_hand:
        return ExitCode.HEALTHY
    question = f"It holds. To keep it so, give it to {at_hand[0]} for good (you see the job first)? [y/N] "
    if not presentation.agrees(question):
        return ExitCode.HEALTHY
    return give(diagnosis.service, at_hand[0], presentation, manner)
