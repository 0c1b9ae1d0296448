"""The typer app: mounts the commands and turns errors into exit codes."""

import contextlib
import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from ghostfix import __version__
from ghostfix.commands.adopt import adopt
from ghostfix.commands.demo import demo
from ghostfix.commands.diagnose import diagnose, plain_diagnosis
from ghostfix.commands.diff import diff
from ghostfix.commands.explain import explain
from ghostfix.commands.fleet import app as fleet
from ghostfix.commands.init import init
from ghostfix.commands.repair import repair
from ghostfix.commands.report import report
from ghostfix.commands.run import WithCommand, plain, run, run_plainly
from ghostfix.commands.schema import schema
from ghostfix.commands.undo import undo
from ghostfix.commands.watch import watch
from ghostfix.commands.why import why
from ghostfix.errors import ExitCode, GhostfixError
from ghostfix.untrusted import shown

_LONGEST = 2_000
_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""No place, or a terminal that is gone. All other files are ``system``'s, which raises nothing like it."""

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


def _is_plain_question(words: Sequence[str]) -> bool:
    """``why TARGET`` without options is asked when every moment counts, and leaves typer nothing to read.

    What typer loads in order to read options takes about as long as the answer.
    """
    return len(words) == 2 and words[0] == "why" and not words[1].startswith("-")


def main() -> None:
    """Runs ghostfix; every error that a user can cause ends in a sentence and an exit code."""
    _open_streams()
    try:
        try:
            _obey(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except GhostfixError as error:
        _complain(f"ghostfix: {shown(error.message, _LONGEST)}")
        if error.hint:
            _complain(f"  {shown(error.hint, _LONGEST)}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _complain("ghostfix: interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        _discard_output()  # as below; typer made an exit of its own of it
        sys.exit(ExitCode.HEALTHY)
    except BrokenPipeError:
        # The reader of our output went away (`ghostfix ... | head`): that is its business, not an error.
        _discard_output()
        sys.exit(ExitCode.HEALTHY)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_LOST:
            _discard_output()
            _complain(f"ghostfix: the output could not be written: {error.strerror}")
            sys.exit(ExitCode.USAGE)
        if os.environ.get("GHOSTFIX_TRACEBACK"):
            raise
        _complain(
            f"ghostfix: internal error: {type(error).__name__}: {shown(str(error), _LONGEST)}\n"
            "  This is a fault of ghostfix. Please report it with the output of the same command\n"
            "  after `export GHOSTFIX_TRACEBACK=1`; secrets may be in it, so read it first."
        )
        sys.exit(ExitCode.INTERNAL)


def _obey(words: Sequence[str]) -> None:
    """Reads the command line and does what it says; what programs ask most goes without typer."""
    if _is_plain_question(words):
        why(words[1])
        return
    if plain(words):
        run_plainly(words)
        return
    diagnosis = plain_diagnosis(words)
    if diagnosis is None:
        app()
        return
    # It lasts a moment: looking for garbage, and tidying up at the end, is a sixth of its whole cost.
    gc.disable()
    try:
        diagnosis()
    except typer.Exit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.exit_code)


def _open_streams() -> None:
    """Standard streams that were closed lead nowhere; characters that they cannot take are replaced."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # Or a file that is opened next would get the number, and with it what is written there.
            taken = os.open(os.devnull, os.O_RDWR)
            if taken != number:
                os.close(taken)
            setattr(sys, name, io.StringIO())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Lets what could not be written go, or Python would try once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    """Says what is wrong on standard error, as far as it can be written to."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
