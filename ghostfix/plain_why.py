"""The answer of ``ghostfix why``. Without options it is asked for without typer, whose loading shows."""

import os
import sys

from ghostfix.machine import System


def tell(
    system: System, target: str, *, json: bool = False, tree: bool = False, verbose: bool = False
) -> None:
    """Writes why a process lives; raises GhostfixError when there is nothing to explain."""
    from ghostfix.origins.target import AmbiguousError
    from ghostfix.why import why

    try:
        answer = why(system, target, tree=tree, thorough=verbose)
    except AmbiguousError as error:
        sys.stderr.write("".join(f"{choice}\n" for choice in error.choices))
        raise
    if json:
        from msgspec.json import encode

        sys.stdout.write(encode(answer).decode() + "\n")
        return
    from ghostfix.origins.explanation_text import text_of

    text = text_of(answer, width=_width(), verbose=verbose, tree=tree)
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def _width() -> int:
    """The terminal's columns; a pipe gets whole lines."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal():
        return int(given)
    if not sys.stdout.isatty():
        return 1000
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80
