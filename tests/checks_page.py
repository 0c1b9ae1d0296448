"""The checks in words: the page that ``docs/checks.md`` is."""

from collections.abc import Sequence

from ghostfix.model.finding import PREVENTION, Check

HEADINGS = (
    "What it finds",
    "Why it matters",
    "How ghostfix repairs it",
    PREVENTION,
)
"""The headings of every check's docstring, in their order."""

_PREFACE = """# Checks

Each check looks for one fault. Its code is the name by which `--only`, `--skip` and `ghostfix explain` know
it, and by which reports in JSON name its findings. A finding is an **error** when the service is down or
something fights over it, a **warning** when something hurts, and **info** when it is context; below stands
the worst that the check gives. A finding that is not certain says how it could be wrong.

This page is written from the checks themselves.
"""


def check_page(check: Check) -> str:
    """One check as Markdown, its code as a heading of the second level.

    Raises ValueError when its docstring lacks one of the four headings.
    """
    opening, *sections = _sections(check)
    parts = [f"## `{check.code}`", opening, f"Severity: {check.severity.value}. {_needed(check)}"]
    for heading, text in zip(HEADINGS, sections, strict=True):
        parts.append(f"### {heading}\n\n{_as_markdown(text)}")
    return "\n\n".join(parts)


def checks_page(checks: Sequence[Check]) -> str:
    """All checks as one Markdown page, with a table of them first."""
    rows = [f"| [`{check.code}`](#{check.code}) | {_sections(check)[0]} |" for check in checks]
    table = "\n".join(("| code | finds |", "| --- | --- |", *rows))
    pages = "\n\n".join(check_page(check) for check in checks)
    return f"{_PREFACE}\n{table}\n\n{pages}\n"


def _sections(check: Check) -> list[str]:
    """The docstring's opening line, and the text under each heading."""
    rest = check.page
    parts = []
    for heading in HEADINGS:
        before, found, rest = rest.partition(f"\n{heading}\n{'-' * len(heading)}\n")
        if not found:
            raise ValueError(f"{check.code}: no heading {heading!r} in its page")
        parts.append(before.strip())
    return [*parts, rest.strip()]


def _as_markdown(text: str) -> str:
    """Docstrings mark code with two backquotes, Markdown with one."""
    return text.replace("``", "`")


def _needed(check: Check) -> str:
    return f"It reads: {', '.join(source.value for source in check.needs)}."
