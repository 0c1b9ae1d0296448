"""The typer app: mounts the commands and turns errors into exit codes."""

import contextlib
import io
import os
import sys
from typing import Annotated

import typer

from ghostfix import __version__
from ghostfix.commands.demo import demo
from ghostfix.commands.diagnose import diagnose
from ghostfix.commands.explain import explain
from ghostfix.commands.repair import repair
from ghostfix.commands.report import report
from ghostfix.commands.undo import undo
from ghostfix.commands.why import why
from ghostfix.errors import ExitCode, GhostfixError
from ghostfix.untrusted import shown

_LONGEST = 2_000

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


for command in (diagnose, repair, undo, report, why, explain, demo):
    app.command()(command)


def main() -> None:
    """Runs ghostfix; every error that a user can cause ends in a sentence and an exit code."""
    _open_streams()
    try:
        app()
    except GhostfixError as error:
        _complain(f"ghostfix: {shown(error.message, _LONGEST)}")
        if error.hint:
            _complain(f"  {shown(error.hint, _LONGEST)}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _complain("ghostfix: interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`ghostfix ... | head`): that is its business, not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.HEALTHY)
    except Exception as error:
        if os.environ.get("GHOSTFIX_TRACEBACK"):
            raise
        _complain(
            f"ghostfix: internal error: {type(error).__name__}: {shown(str(error), _LONGEST)}\n"
            "  This is a fault of ghostfix. Please report it with the output of the same command\n"
            "  after `export GHOSTFIX_TRACEBACK=1`; secrets may be in it, so read it first."
        )
        sys.exit(ExitCode.INTERNAL)


def _open_streams() -> None:
    """Standard streams that were closed lead nowhere; characters that they cannot take are replaced."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 -- as long as we run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _complain(text: str) -> None:
    """Says what is wrong on standard error, as far as it can be written to."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
