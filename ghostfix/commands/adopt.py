"""``ghostfix adopt``: gives a service to one manager for good, everything else held."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from ghostfix.commands import Config, Format, Name, Output, Quiet, ShowSecrets, Verbose


class Manager(StrEnum):
    """The managers that ``--with`` takes."""

    SYSTEMD = "systemd"
    SYSTEMD_USER = "systemd-user"
    LAUNCHD = "launchd"
    CRON = "cron"
    SUPERVISORD = "supervisord"
    PM2 = "pm2"


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
    from ghostfix import pipeline, profile
    from ghostfix.acting import Manner, carry_out, wanted
    from ghostfix.adopting import DifferentJobError, adopt, adopter_named
    from ghostfix.commands import seconds
    from ghostfix.errors import ExitCode, ProfileError, RepairError
    from ghostfix.execute import pin_processes
    from ghostfix.presentation import Presentation
    from ghostfix.system import local_system
    from ghostfix.telling import diagnosis_report
    from ghostfix.untrusted import shown

    watch_for = seconds(hold_for, "--hold-for")
    presentation = Presentation.of(format_, output, quiet=quiet, verbose=verbose, reveal=show_secrets)
    system = local_system()
    services = profile.load(system, name, config)
    if len(services) > 1:
        names = ", ".join(service.name for service in services)
        raise ProfileError(f"the profile has several services: {names}", "say which one to adopt")
    service = services[0]
    distrust = profile.trust(system, service)
    if distrust is not None:
        raise RepairError(f"nothing was done: {distrust.reason}")
    with presentation.looking(service.name) as progress:
        diagnosis = pipeline.diagnose(system, service, progress=progress)
    adopter = adopter_named(with_.value)
    try:
        adoption = adopt(system, diagnosis, adopter, _own_words(), evict=evict, edit_profile=not keep_profile)
    except DifferentJobError as error:
        sys.stderr.write("".join(f"{shown(line, 1_000, reveal=show_secrets)}\n" for line in error.diff))
        raise
    pin_processes(system, adoption.plan)
    if dry_run or not yes:
        report = diagnosis_report(
            system, diagnosis, plan=adoption.plan, notes=adoption.notes, reveal=show_secrets
        )
        presentation.show((report,), system)
        if dry_run:
            raise typer.Exit(ExitCode.HEALTHY)
    manner = Manner(yes=yes, watch_for=watch_for, settle=adopter.settles)
    if not wanted(adoption.plan, presentation, manner):
        raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    _, code = carry_out(
        system, diagnosis, adoption.plan, adoption.service, presentation, manner, adoption.notes
    )
    raise typer.Exit(code)


def _own_words() -> tuple[str, ...]:
    """What calls this very ghostfix from anywhere."""
    return (sys.executable, "-m", "ghostfix")
