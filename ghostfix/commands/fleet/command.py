"""``ghostfix fleet``: a service on many machines, through Ansible."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.commands import Only, Output, Quiet, Skip, Threshold, Verbose
from ghostfix.model.errors import ExitCode, ProfileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfix.commands.fleet.rollout import Order
    from ghostfix.model.fleet import FleetHost
    from ghostfix.model.fleet_play import Reach
    from ghostfix.model.machine import ActingSystem
    from ghostfix.report.output import Presentation

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Diagnose and repair a service on many machines, through Ansible.\n\n"
    "Example: `ghostfix fleet diagnose -i hosts.ini shop`",
)

Inventory = Annotated[
    list[str],
    typer.Option(
        "--inventory",
        "-i",
        metavar="INVENTORY",
        help="Ansible's inventory: a file, a folder or `host,host,`.",
    ),
]
Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="The service's name in the hosts' profiles.", show_default=False),
]
Config = Annotated[
    str | None, typer.Option("--config", "-c", metavar="FILE", help="The profile on the hosts.")
]
Executable = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="The ghostfix on the hosts, where it is not found by itself."),
]
Limit = Annotated[
    str | None, typer.Option("--limit", "-l", metavar="PATTERN", help="Only these hosts of the inventory.")
]
Forks = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="How many hosts at once; Ansible's setting when left out."),
]
Become = Annotated[bool, typer.Option("--become", "-b", help="Become root on the hosts.")]
BecomeUser = Annotated[str | None, typer.Option(metavar="USER", help="Become this user instead of root.")]
AskBecomePass = Annotated[
    bool, typer.Option("--ask-become-pass", "-K", help="Ask for the password with which to become root.")
]
AnsibleArgs = Annotated[
    str, typer.Option(metavar="'...'", help="More options for ansible-playbook, such as `-u deploy`.")
]
FleetFormat = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help="terminal, json, html or junit.")
]
Serial = Annotated[
    str, typer.Option(metavar="1|25%", help="How many of the ill hosts at once: a number or a percentage.")
]
MaxFail = Annotated[
    float | None,
    typer.Option(
        min=0, max=100, metavar="P", help="Begin no further batch when more than P % of one failed."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
def diagnose(
    inventory: Inventory,
    name: Name = None,
    config: Config = None,
    limit: Limit = None,
    forks: Forks = None,
    become: Become = False,
    become_user: BecomeUser = None,
    ask_become_pass: AskBecomePass = False,
    ansible_args: AnsibleArgs = "",
    executable: Executable = None,
    only: Only = None,
    skip: Skip = None,
    fail_on: Annotated[Threshold, typer.Option(help="What makes the exit code 1.")] = Threshold.ERROR,
    format_: FleetFormat = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find where a service is ill, and with what. Changes nothing on any host.

    Example: `ghostfix fleet diagnose -i hosts.ini shop`
    """
    from ghostfix.commands.fleet.rollout import Order
    from ghostfix.model.fleet import Verb
    from ghostfix.model.fleet_play import Task

    only_codes, skip_codes = _codes(only, skip)
    task = Task(
        name=name,
        config=config,
        executable=executable,
        only=only_codes,
        skip=skip_codes,
        fail_on=fail_on.value,
    )
    reach = _reach(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args)
    presentation = _presentation(format_, output, quiet, verbose)
    _carry_out(Order(verb=Verb.DIAGNOSE, task=task, reach=reach), presentation, dry_run=True, yes=True)


@app.command()
def repair(
    inventory: Inventory,
    name: Name = None,
    config: Config = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    serial: Serial = "1",
    max_fail_percentage: MaxFail = None,
    limit: Limit = None,
    forks: Forks = None,
    become: Become = False,
    become_user: BecomeUser = None,
    ask_become_pass: AskBecomePass = False,
    ansible_args: AnsibleArgs = "",
    executable: Executable = None,
    only: Only = None,
    skip: Skip = None,
    no_start: Annotated[bool, typer.Option("--no-start", help="Leave the service stopped.")] = False,
    evict: Annotated[
        bool, typer.Option("--evict", help="Also stop strangers that hold the service's ports.")
    ] = False,
    hold_for: Annotated[str, typer.Option(metavar="30s", help="How long to watch each repair hold.")] = "30s",
    rollback_on_failure: Annotated[
        bool, typer.Option("--rollback-on-failure", help="Undo a repair that does not hold.")
    ] = False,
    format_: FleetFormat = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring a service back on every host where it is ill, a few hosts at a time.

    Looks at all hosts first, shows what would be done, asks, and rolls through the ill ones.

    Example: `ghostfix fleet repair -i hosts.ini shop --serial 25%`
    """
    from ghostfix.commands import seconds
    from ghostfix.commands.fleet.rollout import Order
    from ghostfix.model.fleet import Verb
    from ghostfix.model.fleet_play import Task

    seconds(hold_for, "--hold-for")
    only_codes, skip_codes = _codes(only, skip)
    task = Task(
        name=name,
        config=config,
        executable=executable,
        only=only_codes,
        skip=skip_codes,
        start=not no_start,
        evict=evict,
        hold_for=hold_for,
        rollback_on_failure=rollback_on_failure,
    )
    presentation = _presentation(format_, output, quiet, verbose)
    order = Order(
        verb=Verb.REPAIR,
        task=task,
        reach=_reach(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args),
        serial=_batch(serial),
        max_fail_percentage=max_fail_percentage,
    )
    _carry_out(order, presentation, dry_run=dry_run, yes=yes)


@app.command()
def undo(
    inventory: Inventory,
    name: Name = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    serial: Serial = "1",
    max_fail_percentage: MaxFail = None,
    limit: Limit = None,
    forks: Forks = None,
    become: Become = False,
    become_user: BecomeUser = None,
    ask_become_pass: AskBecomePass = False,
    ansible_args: AnsibleArgs = "",
    executable: Executable = None,
    format_: FleetFormat = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Take the last repair of each host back, also one that was stopped half-way.

    Example: `ghostfix fleet undo -i hosts.ini shop --limit web3`
    """
    from ghostfix.commands.fleet.rollout import Order
    from ghostfix.model.fleet import Verb
    from ghostfix.model.fleet_play import Task

    presentation = _presentation(format_, output, quiet, verbose)
    order = Order(
        verb=Verb.UNDO,
        task=Task(name=name, executable=executable),
        reach=_reach(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args),
        serial=_batch(serial),
        max_fail_percentage=max_fail_percentage,
    )
    _carry_out(order, presentation, dry_run=dry_run, yes=yes)


@app.command()
def collection() -> None:
    """Print the folder of the Ansible collection, for playbooks of your own.

    Example: `ANSIBLE_COLLECTIONS_PATH=$(ghostfix fleet collection) ansible-playbook shop.yml`
    """
    from ghostfix.system.ansible import collection_path

    sys.stdout.write(f"{collection_path()}\n")


def _carry_out(order: "Order", presentation: "Presentation", *, dry_run: bool, yes: bool) -> None:
    """Surveys, asks, acts and reports; ends with the exit code of the whole fleet."""
    from ghostfix.commands.fleet import rollout
    from ghostfix.commands.fleet.progress import fleet_progress
    from ghostfix.commands.machine import local_system
    from ghostfix.model.fleet import Verb
    from ghostfix.system.ansible import perform
    from ghostfix.system.reader_loss import survive_reader_loss

    if not dry_run:
        survive_reader_loss()
    system = local_system()
    try:
        with presentation.fleet_progress(f"looking at {', '.join(order.reach.inventory)}") as say:
            hosts: Sequence[FleetHost] = rollout.survey_hosts(order, perform, fleet_progress(say, None))
    except KeyboardInterrupt:
        sys.stderr.write("ghostfix: interrupted while looking; nothing was done on any host.\n")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    needy = rollout.in_need(hosts)
    if dry_run or not needy or not yes:
        code = rollout.exit_code(hosts, interrupted=False)
        _report(system, order, presentation, hosts, code, dry=order.verb is not Verb.DIAGNOSE)
        if dry_run or not needy:
            raise typer.Exit(code)
        if not _wanted(order, presentation, len(needy)):
            raise typer.Exit(ExitCode.REPAIR_INCOMPLETE)
    with presentation.fleet_progress(f"at work, {order.serial} at once") as say:
        hosts, interrupted = rollout.roll(order, hosts, perform, fleet_progress(say, len(needy)))
    code = rollout.exit_code(hosts, interrupted)
    _report(system, order, presentation, hosts, code, dry=False)
    raise typer.Exit(code)


def _wanted(order: "Order", presentation: "Presentation", number: int) -> bool:
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
    system: "ActingSystem",
    order: "Order",
    presentation: "Presentation",
    hosts: "Sequence[FleetHost]",
    code: ExitCode,
    *,
    dry: bool,
) -> None:
    """Keeps the reports of the hosts that are not well, and shows the fleet's."""
    from ghostfix.commands.fleet.fleet_report_builder import all_kept, assembled
    from ghostfix.commands.fleet.formats import FORMATS
    from ghostfix.model.fleet import Verb
    from ghostfix.model.safe_text import safe

    with_names, notes = all_kept(system, hosts)
    fleet = assembled(system, order, with_names, code, dry_run=dry, notes=notes)
    try:
        presentation.deliver(FORMATS[presentation.format](fleet, presentation.layout()), system)
    except ProfileError as error:
        # What was done on thirty hosts is reported all the same, where it can be.
        sys.stdout.write(FORMATS["terminal"](fleet, presentation.layout()))
        if dry or order.verb is Verb.DIAGNOSE:
            raise
        sys.stderr.write(f"ghostfix: {safe(error.message)}\n")  # the exit code is that of what was done


def _presentation(format_: str, output: str | None, quiet: bool, verbose: bool) -> "Presentation":
    from ghostfix.commands.fleet.formats import FORMATS
    from ghostfix.report.output import Presentation

    return Presentation.of(format_, output, quiet=quiet, verbose=verbose, formats=FORMATS)


_NOT_HANDED_ON = {
    "-C": "`--dry-run` shows what would be done",
    "--check": "`--dry-run` shows what would be done",
    "--step": "`--serial 1` is one host after the other, and without `--yes` you are asked first",
}


def _reach(
    inventory: list[str],
    limit: str | None,
    forks: int | None,
    become: bool,
    become_user: str | None,
    ask_become_pass: bool,
    ansible_args: str,
) -> "Reach":
    from ghostfix.model.fleet_play import Reach

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
    import warnings
    from getpass import GetPassWarning, getpass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GetPassWarning)  # what comes through a pipe is on no screen
        try:
            return getpass("BECOME password: ")
        except EOFError as error:
            raise ProfileError(
                "there is no terminal on which to ask for the password",
                "`--become --ansible-args '--become-password-file FILE'` reads it from a file",
            ) from error


def _codes(only: str | None, skip: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from ghostfix.diagnosis.check_selection import codes
    from ghostfix.diagnosis.checks import CHECKS

    known = tuple(check.code for check in CHECKS)
    return codes(only, known), codes(skip, known)


def _batch(text: str) -> str:
    """A number of hosts, or a percentage; raises ProfileError for anything else."""
    number = text.removesuffix("%")
    if number.isascii() and number.isdigit() and int(number) > 0 and (number == text or int(number) <= 100):
        return text
    raise ProfileError(f"--serial takes a number of hosts or a percentage, such as 2 or 25%, not `{text}`")
