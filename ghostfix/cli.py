"""The entry: reads the command line, and turns errors into exit codes.

Nothing is loaded before it is needed: what loads takes longer than what is done.
"""

import contextlib
import errno
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from ghostfix import __version__
from ghostfix.errors import ExitCode, GhostfixError
from ghostfix.streams import guarded

_VERSION = f"ghostfix {__version__}\n"
_LONGEST = 2_000
_GARBAGE = 50_000
"""So many new objects before garbage is looked for: what is loaded at the start is none."""
_OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""No place, or a terminal that is gone. All other files are ``system``'s, which raises nothing like it."""


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
        _complain(f"ghostfix: {_safe(error.message)}")
        if error.hint:
            _complain(f"  {_safe(error.hint)}")
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
            f"ghostfix: internal error: {type(error).__name__}: {_safe(str(error))}\n"
            "  This is a fault of ghostfix. Please report it with the output of the same command\n"
            "  after `export GHOSTFIX_TRACEBACK=1`; secrets may be in it, so read it first."
        )
        sys.exit(ExitCode.INTERNAL)


def _obey(words: Sequence[str]) -> None:
    """Reads the command line and does what it says; what programs ask most goes without typer's reading."""
    gc.set_threshold(_GARBAGE)
    if list(words) == ["--version"]:
        sys.stdout.write(_VERSION)
        return
    if _is_plain_question(words):
        from ghostfix.plain_why import tell
        from ghostfix.system import local_system

        gc.disable()
        tell(local_system(), words[1])
        _leave(0)
    if words[:1] == ["diagnose"]:
        from ghostfix.plain_diagnosis import answer, question

        asked = question(words)
        if asked is not None:
            from ghostfix.system import local_system

            gc.disable()
            _leave(answer(local_system(), asked))
    from ghostfix.commands.run import plain, run_plainly

    if plain(words):
        run_plainly(words)
        return
    from ghostfix.application import app

    if words and words[-1] in ("--help", "-h"):
        _briefly(app)
    else:
        app()


def _briefly(answer: Callable[[], None]) -> None:
    """Does what lasts a moment: looking for garbage, and tidying up at its end, is a sixth of its cost."""
    from typer import Exit

    gc.disable()
    code: int | str | None = 0
    try:
        answer()
    except Exit as end:
        code = end.exit_code
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise
        code = end.code
    _leave(code if isinstance(code, int) else 0)


def _leave(code: int) -> NoReturn:
    """Ends at once: what is left in memory needs no tidying."""
    sys.stdout.flush()
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
    from ghostfix.untrusted import shown  # its patterns cost a tenth of a start in which nothing goes wrong

    return shown(text, _LONGEST)
