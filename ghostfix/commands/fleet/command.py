"""``ghostfix fleet``: a service on many machines, through Ansible."""

import sys
from typing import Annotated

import typer

from ghostfix.commands import Only, Output, Quiet, Skip, Threshold, Verbose

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
DiagnosisFormat = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="terminal, json, html or junit; nagios or openmetrics for monitoring.",
    ),
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
    format_: DiagnosisFormat = "terminal",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Find where a service is ill, and with what. Changes nothing on any host.

    Example: `ghostfix fleet diagnose -i hosts.ini shop`
    """
    from ghostfix.commands.fleet import orders

    with orders.mistakes_unknown(format_):
        only_codes, skip_codes = orders.codes_of(only, skip)
        task = orders.Task(
            name=name,
            config=config,
            executable=executable,
            only=only_codes,
            skip=skip_codes,
            fail_on=fail_on.value,
        )
        reach = orders.reach_of(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args)
        presentation = orders.presentation_of(format_, output, quiet, verbose, diagnosis=True)
        order = orders.Order(verb=orders.Verb.DIAGNOSE, task=task, reach=reach)
        orders.carry_out(order, presentation, dry_run=True, yes=True)


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
    from ghostfix.commands.fleet import orders

    orders.seconds(hold_for, "--hold-for")
    only_codes, skip_codes = orders.codes_of(only, skip)
    task = orders.Task(
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
    presentation = orders.presentation_of(format_, output, quiet, verbose)
    order = orders.Order(
        verb=orders.Verb.REPAIR,
        task=task,
        reach=orders.reach_of(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args),
        serial=orders.batch(serial),
        max_fail_percentage=max_fail_percentage,
    )
    orders.carry_out(order, presentation, dry_run=dry_run, yes=yes)


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
    from ghostfix.commands.fleet import orders

    presentation = orders.presentation_of(format_, output, quiet, verbose)
    order = orders.Order(
        verb=orders.Verb.UNDO,
        task=orders.Task(name=name, executable=executable),
        reach=orders.reach_of(inventory, limit, forks, become, become_user, ask_become_pass, ansible_args),
        serial=orders.batch(serial),
        max_fail_percentage=max_fail_percentage,
    )
    orders.carry_out(order, presentation, dry_run=dry_run, yes=yes)


@app.command()
def collection() -> None:
    """Print the folder of the Ansible collection, for playbooks of your own.

    Example: `ANSIBLE_COLLECTIONS_PATH=$(ghostfix fleet collection) ansible-playbook shop.yml`
    """
    from ghostfix.system.ansible import collection_path

    sys.stdout.write(f"{collection_path()}\n")
