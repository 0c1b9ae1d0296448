"""``ghostfix adopt``: gives a service to one manager for good, everything else held."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.commands import Config, Format, Name, Output, Quiet, ShowSecrets, Verbose, subcommand

if TYPE_CHECKING:
    from ghostfix.commands.carry_out import ExecutionOptions
    from ghostfix.model.errors import ExitCode
    from ghostfix.model.service import Service
    from ghostfix.report.output import Presentation

app = subcommand()


class Manager(StrEnum):
    """The managers that ``--with`` takes."""

    SYSTEMD = "systemd"
    SYSTEMD_USER = "systemd-user"
    LAUNCHD = "launchd"
    CRON = "cron"
    SUPERVISORD = "supervisord"
    PM2 = "pm2"


@app.command()
def adopt(
    with_: Annotated[
        Manager, typer.Option("--with", metavar="MANAGER", help=f"{', '.join(Manager)}.", show_default=False)
    ],
    name: Name = None,
    config: Config = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the plan and the job, and do nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    keep_profile: Annotated[
        bool, typer.Option("--keep-profile", help="Do not write the manager into the profile.")
    ] = False,
    evict: Annotated[
        bool, typer.Option("--evict", help="Also stop strangers that hold the service's ports.")
    ] = False,
    hold_for: Annotated[str, typer.Option(metavar="30s", help="How long to watch it hold.")] = "30s",
    format_: Format = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    show_secrets: ShowSecrets = False,
) -> None:
    """Give a service to one manager for good: the right job is written, all other restarters are held.

    The job is shown first; `ghostfix undo` takes it away again without a trace.

    Example: `ghostfix adopt web --with systemd --dry-run`
    """
    from ghostfix.commands import one_service, seconds
    from ghostfix.commands.carry_out import ExecutionOptions
    from ghostfix.commands.machine import local_system
    from ghostfix.model.errors import RepairError
    from ghostfix.report.output import Presentation
    from ghostfix.service import profile
    from ghostfix.system.reader_loss import survive_reader_loss

    watch_for = seconds(hold_for, "--hold-for")
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    if not dry_run:
        survive_reader_loss()
    system = local_system()
    service = one_service(system, name, config, "adopt")
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    options = ExecutionOptions(yes=yes, watch_for=watch_for)
    raise typer.Exit(give(service, with_.value, presentation, options, dry_run, keep_profile, evict, config))


def give(
    service: "Service",
    kind: str,
    presentation: "Presentation",
    options: "ExecutionOptions",
    dry_run: bool = False,
    keep_profile: bool = False,
    evict: bool = False,
    config: str | None = None,
) -> "ExitCode":
    """Surveys, plans, shows, asks and does it; the exit code. Raises RepairError where it cannot be done."""
    from dataclasses import replace

    from ghostfix.commands.carry_out import carry_out, wanted
    from ghostfix.commands.diagnoses import diagnose
    from ghostfix.commands.machine import local_system
    from ghostfix.diagnosis.presence import require_presence
    from ghostfix.model.errors import ExitCode, RepairError
    from ghostfix.model.safe_text import safe
    from ghostfix.repair.adoption_plan import DifferentJobError, adopt, adopter_named
    from ghostfix.repair.execute import pin_processes
    from ghostfix.repair.plan import as_asked
    from ghostfix.report.reports import diagnosis_report

    system = local_system()
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
    if dry_run or not options.yes:
        report = diagnosis_report(system, diagnosis, plan=plan, notes=notes, reveal=presentation.reveal)
        presentation.show((report,), system)
        if dry_run:
            return ExitCode.HEALTHY
    if plan.withheld:
        raise RepairError(
            f"nothing was done: it could not start without this: {plan.withheld[0].step.preview()}",
            "`--evict` does that as well; or give the service another port",
        )
    if not wanted(plan, service, presentation, options):
        return ExitCode.REPAIR_INCOMPLETE
    options = replace(options, settle=adopter.settles)
    _, code = carry_out(system, diagnosis, plan, adoption.service, presentation, options, notes)
    return code


def _own_words() -> tuple[str, ...]:
    """What calls this very ghostfix from anywhere; without ``-P`` the folder's modules would come first."""
    return (sys.executable, "-P", "-m", "ghostfix")
