"""The subcommands, one a file, and the options that several of them share."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ghostfix.model.errors import ProfileError

if TYPE_CHECKING:
    from ghostfix.model.machine import System
    from ghostfix.model.service import Service


def subcommand() -> typer.Typer:
    """What a command's module registers its function with; the application asks it for the command."""
    return typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


class Threshold(StrEnum):
    """The severities that ``--fail-on`` takes."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _formats(incomplete: str) -> list[str]:
    """What a shell offers after ``--format``."""
    from ghostfix.report.formats import FORMATS

    return [name for name in FORMATS if name.startswith(incomplete)]


def _diagnosis_formats(incomplete: str) -> list[str]:
    """What a shell offers after the ``--format`` of a diagnosis."""
    from ghostfix.report.formats import DIAGNOSIS_FORMATS

    return [name for name in DIAGNOSIS_FORMATS if name.startswith(incomplete)]


def check_codes(incomplete: str) -> list[str]:
    """What a shell offers where codes of checks are meant, also behind a comma."""
    from ghostfix.diagnosis.checks import CHECKS

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{check.code}" for check in CHECKS if check.code.startswith(begun)]


def _service_names(incomplete: str) -> list[str]:
    """The services of the profile that would be used here; none when it cannot be read."""
    from ghostfix.commands.machine import local_system
    from ghostfix.model.errors import GhostfixError
    from ghostfix.service import profile

    try:
        services = profile.load(local_system(), None, None)
    except GhostfixError:
        return []
    return [service.name for service in services if service.name.startswith(incomplete)]


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="The service's name in the profile.",
        show_default=False,
        autocompletion=_service_names,
    ),
]
Config = Annotated[
    str | None,
    typer.Option("--config", "-c", metavar="FILE", help="The profile to use, instead of looking for one."),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="terminal, json, markdown, html, junit or github.",
        autocompletion=_formats,
    ),
]
DiagnosisFormat = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT",
        help="terminal, json, markdown, html, junit or github; nagios or openmetrics for monitoring.",
        autocompletion=_diagnosis_formats,
    ),
]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there instead.")
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="CODE,..",
        help="Only these checks (see `ghostfix explain`).",
        autocompletion=check_codes,
    ),
]
Skip = Annotated[
    str | None,
    typer.Option("--skip", metavar="CODE,..", help="All checks but these.", autocompletion=check_codes),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing when healthy, one line when not.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Every check, and all evidence.")]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Do not hide passwords and tokens.")]


def one_service(system: "System", name: str | None, config: str | None, command: str) -> "Service":
    """The service of a command that acts on one; raises ProfileError when the profile leaves that open."""
    from ghostfix.service import profile

    return profile.only_one(profile.load(system, name, config), command)


def seconds(text: str, option: str) -> float:
    """A duration (``10``, ``10s``, ``5m``, ``1h``) in seconds; raises ProfileError when it is none."""
    factors = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, factor = (text[:-1], factors[text[-1]]) if text[-1:] in factors else (text, 1.0)
    try:
        value = float(number) * factor
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e7:
        raise ProfileError(f"{option} takes a duration such as 10s, 5m or 1h, not `{text}`")
    return value
