"""The entry: reads the command line, and turns errors into exit codes.

Nothing is loaded before it is needed: what loads takes longer than what is done.
"""

import contextlib
import errno
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ghostfix import __version__
from ghostfix.model.errors import ExitCode, GhostfixError, StepError
from ghostfix.report.safe_stream import guarded

_VERSION = f"ghostfix {__version__}\n"
_LONGEST = 2_000
_GARBAGE = 50_000
"""So many new objects before garbage is searched: what is loaded at the start is none."""
_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""No place, or a terminal that is gone. All other files are ``system``'s, which raises nothing like it."""


def main() -> NoReturn:
    """Runs ghostfix; every error that a user can cause ends in a sentence and an exit code."""
    gc.set_threshold(_GARBAGE)
    _open_streams()
    _leave(_answer(sys.argv[1:]))


def _answer(words: Sequence[str]) -> int:
    """Does what the command line says; the exit code."""
    try:
        code = _obey(words)
        sys.stdout.flush()
    except GhostfixError as error:
        _complain(f"ghostfix: {_safe(error.message)}")
        if error.hint:
            _complain(f"  {_safe(error.hint)}")
        return error.exit_code
    except StepError as error:
        # An act that did not succeed, outside a repair's own steps: the machine's doing, no fault of ours.
        _complain(f"ghostfix: {_safe(str(error))}")
        return ExitCode.REPAIR_INCOMPLETE
    except KeyboardInterrupt:
        _complain("ghostfix: interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`ghostfix ... | head`): that is its business, not an error.
        _discard_output()
        return ExitCode.HEALTHY
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_LOST:
            _discard_output()
            _complain(f"ghostfix: the output could not be written: {error.strerror}")
            return ExitCode.USAGE
        if os.environ.get("GHOSTFIX_TRACEBACK"):
            raise
        _complain(
            f"ghostfix: internal error: {type(error).__name__}: {_safe(str(error))}\n"
            "  This is a fault of ghostfix. Please report it with the output of the same command\n"
            "  after `export GHOSTFIX_TRACEBACK=1`; secrets may be in it, so read it first."
        )
        return ExitCode.INTERNAL
    return code


def _obey(words: Sequence[str]) -> int:
    """Hands the command line to the application; its exit code. Raises what the command raises."""
    if list(words) == ["--version"]:
        sys.stdout.write(_VERSION)
        return ExitCode.HEALTHY
    from ghostfix.commands.application import app

    try:
        app()
    except SystemExit as end:
        # typer makes exits of its own of an interrupt and of a reader that went away.
        origin = end.__context__
        cause = origin.__cause__ if origin is not None else None
        if isinstance(cause, KeyboardInterrupt):
            raise cause from None
        if isinstance(origin, BrokenPipeError):
            raise origin from None
        return end.code if isinstance(end.code, int) else ExitCode.HEALTHY
    return ExitCode.HEALTHY


def _leave(code: int) -> NoReturn:
    """Ends at once: what is left in memory needs no tidying, which would take a tenth of a short answer.

    Nothing may count on ``atexit``: whatever has to be tidied up is, before a command returns.
    """
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def _open_streams() -> None:
    """Standard streams that were closed lead nowhere; what may not or cannot be written there is replaced."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # Or a file that is opened next would get the number, and with it what is written there.
            taken = os.open(os.devnull, os.O_RDWR)
            if taken != number:
                os.close(taken)
            setattr(sys, name, io.StringIO())
    sys.stdout, sys.stderr = guarded(sys.stdout), guarded(sys.stderr)


def _discard_output() -> None:
    """Lets what could not be written go, or Python would try once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(text: str) -> None:
    """Says what is wrong on standard error, as far as it can be written to."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")


def _safe(text: str) -> str:
    """Text of an error, which may be the machine's, safe to print."""
    from ghostfix.model.safe_text import (
        safe,  # its patterns cost a tenth of a start in which nothing goes wrong
    )

    return safe(text, _LONGEST)
