"""The diagnosis that a program asks for, whose command line is read without typer.

So Ansible asks on each host of a fleet. To load typer, and what it reads options with, would take a third of
such a diagnosis.
"""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.errors import ExitCode, worst
from ghostfix.machine import ActingSystem

_OPTIONS = frozenset({"--format", "--fail-on", "--config", "--only", "--skip"})
_SEVERITIES = frozenset({"info", "warning", "error"})
_TIMEOUT = 30.0
"""Seconds for one look, as ``ghostfix diagnose`` has it by default."""


class Question(Struct, frozen=True, kw_only=True):
    """What is asked; each as it was typed."""

    name: str | None
    config: str | None
    only: str
    skip: str
    fail_on: str


def question(words: Sequence[str]) -> Question | None:
    """What ``diagnose --format json [--option value]... [-- NAME]`` asks.

    None for any other command line: typer reads that, and says what is wrong with it.
    """
    if list(words[:3]) != ["diagnose", "--format", "json"]:
        return None
    end = words.index("--") if "--" in words else len(words)
    options, names = words[1:end], words[end + 1 :]
    chosen = dict(zip(options[::2], options[1::2], strict=False))
    plain = len(options) == 2 * len(chosen) and len(names) <= 1 and chosen.keys() <= _OPTIONS
    if not plain or chosen.get("--fail-on", "error") not in _SEVERITIES:
        return None
    return Question(
        name=names[0] if names else None,
        config=chosen.get("--config"),
        only=chosen.get("--only", ""),
        skip=chosen.get("--skip", ""),
        fail_on=chosen.get("--fail-on", "error"),
    )


def answer(system: ActingSystem, asked: Question) -> ExitCode:
    """Looks, prints the document, and gives the exit code. Raises as ``ghostfix diagnose`` does."""
    from ghostfix.checks import CHECKS
    from ghostfix.diagnosing import Wishes, diagnoses
    from ghostfix.finding import Severity
    from ghostfix.presentation import Presentation
    from ghostfix.selection import codes
    from ghostfix.telling import diagnosis_report

    known = tuple(check.code for check in CHECKS)
    presentation = Presentation.of("json", None)
    wishes = Wishes(
        name=asked.name,
        config=asked.config,
        only=codes(asked.only, known),
        skip=codes(asked.skip, known),
        fail_on=Severity(asked.fail_on),
        observe=None,
        wait_healthy=0.0,
        probe_webhook=False,
        all_logs=False,
        timeout=_TIMEOUT,
        snapshot=None,
    )
    reports = [
        diagnosis_report(system, diagnosis, fail_on=wishes.fail_on)
        for diagnosis in diagnoses(system, wishes, presentation)
    ]
    presentation.show(reports, system)
    return worst(report.exit_code for report in reports)
