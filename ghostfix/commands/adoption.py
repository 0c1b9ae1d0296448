"""Giving a service to one manager for good: asked for by ``ghostfix adopt``, or offered after a repair."""

import sys
from dataclasses import replace

from msgspec import Struct

from ghostfix.commands import machine, one_service, seconds
from ghostfix.commands.carry_out import ExecutionOptions, carry_out, wanted
from ghostfix.commands.diagnoses import diagnose
from ghostfix.diagnosis.presence import require_presence
from ghostfix.model.errors import ExitCode, RepairError
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service
from ghostfix.repair.adoption_plan import DifferentJobError, adopt, adopter_named
from ghostfix.repair.execute import pin_processes
from ghostfix.repair.plan import as_asked
from ghostfix.report.output import Presentation
from ghostfix.report.reports import diagnosis_report
from ghostfix.service import profile
from ghostfix.system.reader_loss import survive_reader_loss


class AdoptOptions(Struct, frozen=True, kw_only=True):
    """What the command line says, as it was typed."""

    manager: str
    name: str | None
    config: str | None
    dry_run: bool
    yes: bool
    keep_profile: bool
    evict: bool
    hold_for: str
    format: str
    output: str | None
    quiet: bool
    verbose: bool
    show_secrets: bool


def adopted(options: AdoptOptions) -> ExitCode:
    """Gives the service to the manager that was named; the exit code."""
    watch_for = seconds(options.hold_for, "--hold-for")
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
    service = one_service(system, options.name, options.config, "adopt")
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    manner = ExecutionOptions(yes=options.yes, watch_for=watch_for)
    return give(
        service,
        options.manager,
        presentation,
        manner,
        options.dry_run,
        options.keep_profile,
        options.evict,
        options.config,
    )


def give(
    service: Service,
    kind: str,
    presentation: Presentation,
    manner: ExecutionOptions,
    dry_run: bool = False,
    keep_profile: bool = False,
    evict: bool = False,
    config: str | None = None,
) -> ExitCode:
    """Surveys, plans, asks and adopts; the exit code. Raises RepairError where it cannot be done."""
    system = machine.local_system()
    with presentation.survey_progress(service.name) as progress:
        diagnosis = diagnose(system, service, progress=progress)
    require_presence(diagnosis)
    adopter = adopter_named(kind)
    try:
        adoption = adopt(system, diagnosis, adopter, _own_words(), evict=evict, edit_profile=not keep_profile)
    except DifferentJobError as error:
        sys.stderr.write("".join(f"{safe(line, 1_000, reveal=presentation.reveal)}\n" for line in error.diff))
        raise
    given = {"--keep-profile": keep_profile, "--evict": evict}
    plan, notes = as_asked(adoption.plan, service, config, given), adoption.notes
    pin_processes(system, plan)
    if dry_run or not manner.yes:
        report = diagnosis_report(system, diagnosis, plan=plan, notes=notes, reveal=presentation.reveal)
        presentation.show((report,), system)
        if dry_run:
            return ExitCode.HEALTHY
    if plan.withheld:
        raise RepairError(
            f"nothing was done: it could not start without this: {plan.withheld[0].step.preview()}",
            "`--evict` does that as well; or give the service another port",
        )
    if not wanted(plan, service, presentation, manner):
        return ExitCode.REPAIR_INCOMPLETE
    manner = replace(manner, settle=adopter.settles)
    _, code = carry_out(system, diagnosis, plan, adoption.service, presentation, manner, notes)
    return code


def _own_words() -> tuple[str, ...]:
    """What calls this very ghostfix from anywhere; without ``-P`` the folder's modules would come first."""
    return (sys.executable, "-P", "-m", "ghostfix")
