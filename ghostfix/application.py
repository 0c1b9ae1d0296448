"""The typer app: mounts the commands."""

import sys
from typing import Annotated

import typer

from ghostfix import __version__
from ghostfix.commands.adopt import adopt
from ghostfix.commands.demo import demo
from ghostfix.commands.diagnose import diagnose
from ghostfix.commands.diff import diff
from ghostfix.commands.explain import explain
from ghostfix.commands.fleet import app as fleet
from ghostfix.commands.init import init
from ghostfix.commands.repair import repair
from ghostfix.commands.report import report
from ghostfix.commands.run import WithCommand, run
from ghostfix.commands.schema import schema
from ghostfix.commands.undo import undo
from ghostfix.commands.watch import watch
from ghostfix.commands.why import why

app = typer.Typer(
    name="ghostfix",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"ghostfix {__version__}\n")
        raise typer.Exit


@app.callback()
def ghostfix(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Why will this background service not stay up, and what is the safe way to bring it back?

    `ghostfix diagnose` only looks. `ghostfix repair --dry-run` shows what a repair would do,
    `ghostfix repair` does it, and `ghostfix undo` takes it back. `ghostfix demo` shows all of
    that on a broken service of its own.
    """


for command in (diagnose, repair, undo, adopt, report, diff, why, watch, run, init, explain, schema, demo):
    app.command(cls=WithCommand if command is run else None)(command)
app.add_typer(fleet, name="fleet")
