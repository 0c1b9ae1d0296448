"""Orders to a fleet: made of the options of a command line, carried out, and reported."""

import shlex
import sys
import warnings
from collections.abc import Sequence
from getpass import GetPassWarning, getpass

import typer

from ghostfix.commands import machine, seconds
from ghostfix.commands.fleet import rollout
from ghostfix.commands.fleet.fleet_report_builder import all_kept, assembled
from ghostfix.commands.fleet.formats import DIAGNOSIS_FORMATS, FORMATS, exit_code
from ghostfix.commands.fleet.progress import fleet_progress
from ghostfix.commands.fleet.rollout import Order
from ghostfix.commands.nagios_plugin import mistakes_unknown
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.errors import ExitCode, ProfileError
from ghostfix.model.fleet import FleetHost, FleetReport, Verb
from ghostfix.model.fleet_play import Reach, Task
from ghostfix.model.machine import ActingSystem
from ghostfix.model.safe_text import safe
from ghostfix.report.output import Presentation
from ghostfix.system.ansible import perform
from ghostfix.system.reader_loss import survive_reader_loss

__all__ = [
    "Order",
    "Task",
    "Verb",
    "batch",
    "carry_out",
    "codes_of",
    "mistakes_unknown",
    "presentation_of",
    "reach_of",
    "seconds",
]


def carry_out(order: Order, presentation: Presentation, *, dry_run: bool, yes: bool) -> None:
    """Surveys, asks, acts and reports; ends with the exit code of the whole fleet."""
    if not dry_run:
        survive_reader_loss()
    system = machine.local_system()
    try:
        with presentation.fleet_progress(f"looking at {', '.join(order.reach.inventory)}") as say:
            hosts: Sequence[FleetHost] = rollout.survey_hosts(order, perform, fleet_progress(say, None))
    except KeyboardInterrupt:
        sys.stderr.write("ghostfix: interrupted while looking; nothing was done on any host.\n")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    needy = rollout.in_need(hosts)
    if dry_run or not needy or not yes:
        code = rollout.exit_code(hosts, interrupted=False)
        fleet = _report(system, order, presentation, hosts, code, dry=order.verb is not Verb.DIAGNOSE)
        if dry_run or not needy:
            raise typer.Exit(exit_code(presentation.format, fleet))
        if not _wanted(order, presentation, len(needy)):
            raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    with presentation.fleet_progress(f"at work, {order.serial} at once") as say:
        hosts, interrupted = rollout.roll(order, hosts, perform, fleet_progress(say, len(needy)))
    code = rollout.exit_code(hosts, interrupted)
    _report(system, order, presentation, hosts, code, dry=False)
    raise typer.Exit(code)


def _wanted(order: Order, presentation: Presentation, number: int) -> bool:
    """Whether the user, who has seen what would be done, wants it; says why not when there is no terminal."""
    verb = f"ghostfix fleet {order.verb.value}"
    if not presentation.interactive:
        sys.stderr.write(
            "ghostfix: nothing was done: there is no terminal on which to ask.\n"
            f"  `{verb} --yes` does not ask.\n"
        )
        return False
    hosts = f"{number} host{'' if number == 1 else 's'}"
    if presentation.agrees(f"Do this on {hosts}, {order.serial} at once? [y/N] "):
        return True
    sys.stderr.write("ghostfix: nothing was done.\n")
    return False


def _report(
    system: ActingSystem,
    order: Order,
    presentation: Presentation,
    hosts: Sequence[FleetHost],
    code: ExitCode,
    *,
    dry: bool,
) -> FleetReport:
    """Keeps the reports of the hosts that are not well, and shows the fleet's."""
    with_names, notes = all_kept(system, hosts)
    fleet = assembled(system, order, with_names, code, dry_run=dry, notes=notes)
    try:
        text = DIAGNOSIS_FORMATS[presentation.format](fleet, presentation.layout())
        presentation.deliver(text, system)
    except ProfileError as error:
        # What was done on thirty hosts is reported all the same, where it can be.
        sys.stdout.write(FORMATS["terminal"](fleet, presentation.layout()))
        if dry or order.verb is Verb.DIAGNOSE:
            raise
        sys.stderr.write(f"ghostfix: {safe(error.message)}\n")  # the exit code is that of what was done
    return fleet


def presentation_of(
    format_: str, output: str | None, quiet: bool, verbose: bool, *, diagnosis: bool = False
) -> Presentation:
    known = DIAGNOSIS_FORMATS if diagnosis else FORMATS
    return Presentation.of(format_, output, quiet=quiet, verbose=verbose, formats=known)


_NOT_HANDED_ON = {
    "-C": "`--dry-run` shows what would be done",
    "--check": "`--dry-run` shows what would be done",
    "--step": "`--serial 1` is one host after the other, and without `--yes` you are asked first",
}


def reach_of(
    inventory: list[str],
    limit: str | None,
    forks: int | None,
    become: bool,
    become_user: str | None,
    ask_become_pass: bool,
    ansible_args: str,
) -> Reach:
    try:
        more = tuple(shlex.split(ansible_args))
    except ValueError as error:
        raise ProfileError(f"--ansible-args cannot be split into words: {error}") from error
    for word in more:
        if word in _NOT_HANDED_ON:
            raise ProfileError(f"{word} cannot be one of --ansible-args", _NOT_HANDED_ON[word])
    return Reach(
        inventory=tuple(inventory),
        limit=limit,
        forks=forks,
        become=become or become_user is not None or ask_become_pass,
        become_user=become_user,
        become_password=_password() if ask_become_pass else None,
        arguments=more,
    )


def _password() -> str:
    """What the user types, unseen; raises ProfileError when there is no terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GetPassWarning)  # what comes through a pipe is on no screen
        try:
            return getpass("BECOME password: ")
        except EOFError as error:
            raise ProfileError(
                "there is no terminal on which to ask for the password",
                "`--become --ansible-args '--become-password-file FILE'` reads it from a file",
            ) from error


def codes_of(only: str | None, skip: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = tuple(check.code for check in CHECKS)
    return codes(only, known), codes(skip, known)


def batch(text: str) -> str:
    """A number of hosts, or a percentage; raises ProfileError for anything else."""
    number = text.removesuffix("%")
    if number.isascii() and number.isdigit() and int(number) > 0 and (number == text or int(number) <= 100):
        return text
    raise ProfileError(f"--serial takes a number of hosts or a percentage, such as 2 or 25%, not `{text}`")
