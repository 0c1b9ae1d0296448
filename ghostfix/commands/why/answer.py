"""The answer of ``ghostfix why``, looked up and printed."""

import os
import sys

from ghostfix.commands import machine
from ghostfix.commands.why.why import why
from ghostfix.survey.target import AmbiguousError


def print_answer(target: str, *, as_json: bool, tree: bool, verbose: bool) -> None:
    """Prints the explanation; raises AmbiguousError, after the choices, where several processes fit."""
    try:
        answer = why(machine.local_system(), target, tree=tree, thorough=verbose)
    except AmbiguousError as error:
        sys.stderr.write("".join(f"{choice}\n" for choice in error.choices))
        raise
    if as_json:
        from msgspec.json import encode

        sys.stdout.write(encode(answer).decode() + "\n")
        return
    from ghostfix.commands.why.text import text_of
    from ghostfix.report.standard_output import write

    write(text_of(answer, width=_width(), verbose=verbose, tree=tree))


def _width() -> int:
    """The terminal's columns; a pipe gets whole lines."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal():
        return int(given)
    if not sys.stdout.isatty():
        return 1000
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80
