"""The command line: names each command, and loads the one that is invoked."""

import sys
from importlib import import_module
from typing import Annotated

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from ghostfix import __version__

COMMANDS = {
    "diagnose": "Find what keeps a service from staying up. Changes nothing.",
    "repair": "Bring a service back, safely: every step is shown first, journaled, and can be undone.",
    "undo": "Take a repair back, the last step first; may be repeated safely.",
    "adopt": "Give a service to one manager for good: "
    "the right job is written, all other restarters are held.",
    "report": "Show the report of a past repair, or of a diagnosis that was kept, again.",
    "diff": "Say which findings of two diagnoses are new, gone or unchanged; exit code 1 when they differ.",
    "why": "Say what started a process, what keeps it alive, and what is to be known of it.",
    "watch": "Watch a service: who runs, who starts it again and when, what it uses. Changes nothing.",
    "run": "Start a service unless it runs, and become it: one instance, guaranteed by a kernel lock.",
    "init": "Write a profile from a service that runs and is well. Nothing that exists is overwritten.",
    "explain": "Explain a check; without a code, list them all.",
    "schema": "Print the JSON Schema of what `--format json` prints, or of the profile.",
    "demo": "Break a service of its own in a sandbox folder, find out why, repair it, and clean up.",
    "mcp": "Serve an assistant over the Model Context Protocol, on standard input and output.",
    "fleet": "Diagnose and repair a service on many machines, through Ansible.",
}
"""Each command and what it does; the module of its name in ``ghostfix.commands`` has it as ``app``.

The sentence is the first of the command's own help: ``ghostfix --help`` prints it without loading the module.
"""

FOLDERS = frozenset(
    {"diagnose", "repair", "undo", "report", "why", "watch", "run", "init", "demo", "mcp", "fleet"}
)
"""The commands that have parts of their own: a folder each, in which ``command.py`` has the ``app``."""


class Unloaded(TyperCommand):
    """A command of which only the name and the sentence are known, as a list of commands needs them."""

    def load(self) -> TyperCommand | TyperGroup:
        """The command itself, with its options. Only here is a command's module imported."""
        folder = f"{self.name}.command" if self.name in FOLDERS else self.name
        module = import_module(f"ghostfix.commands.{folder}")
        command = typer.main.get_command(module.app)
        assert isinstance(command, TyperCommand | TyperGroup)  # noqa: S101 (typer makes nothing else)
        return command


class Commands(TyperGroup):
    """All commands: lists them by their sentences, and loads the one that is invoked."""

    def resolve_command(
        self,
        ctx: typer.Context,  # type: ignore[override]
        args: list[str],
    ) -> tuple[str | None, TyperCommand | TyperGroup | None, list[str]]:
        """The command that the first word names, loaded; None for an unknown one while a shell completes."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Unloaded) else None, rest


app = typer.Typer(
    name="ghostfix",
    cls=Commands,
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


def _unloaded() -> None:
    """Stands for a command until it is loaded."""


for name, sentence in COMMANDS.items():
    app.command(name, cls=Unloaded, help=sentence)(_unloaded)
