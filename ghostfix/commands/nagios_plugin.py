"""ghostfix as a plugin of Nagios: a mistake is no fault of the service, so it is UNKNOWN, never CRITICAL."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from ghostfix.model.errors import GhostfixError, StepError


@contextmanager
def mistakes_unknown(format_: str) -> Iterator[None]:
    """With the format ``nagios``, an error ends in a line of the plugin on standard output, and with 3.

    Its own exit code would be 2 for a misspelt service, which a monitoring system takes for CRITICAL.
    """
    try:
        yield
    except (GhostfixError, StepError) as error:
        if format_ != "nagios":
            raise
        from ghostfix.report.formats.nagios import State, line
        from ghostfix.report.standard_output import write

        write(line(State.UNKNOWN, str(error)))
        raise typer.Exit(State.UNKNOWN) from None
