"""Headlines: a report in a line or two, for a reader who reads no further (pure)."""

from msgspec import Struct

from ghostfix.model.report import Report, RunReport, VerificationReport
from ghostfix.model.text_units import counted, listed, spoken
from ghostfix.report.advice import acted, findings, went_well
from ghostfix.report.cause_chains import chains


class HeadLine(Struct, frozen=True):
    """What it is about, and what is to be said of it."""

    label: str
    text: str


def headlines(report: Report) -> tuple[HeadLine, ...]:
    """What became of the repair, how much was found, and the root cause; the most urgent first."""
    lines = []
    if report.run is not None and acted(report):
        lines.append(HeadLine("Repair:", _repair(report.run, report.verification, well=went_well(report))))
    elif tally(report):
        lines.append(HeadLine("Found:", tally(report)))
    found = chains(report.causes)
    if found:
        label = "Root cause before:" if acted(report) else "Root cause:"
        lines.append(HeadLine(label, " → ".join(link.short for link in found[0])))
    unread = sum(result.unread for result in report.results)
    if unread:
        lines.append(HeadLine("Could not look:", f"{counted(unread, 'check')} without an answer"))
    return tuple(lines)


def tally(report: Report) -> str:
    """How many findings of each severity there are: ``7 errors, 1 warning``; empty for none."""
    severities = [finding.severity for finding in findings(report)]
    return ", ".join(
        counted(severities.count(severity), severity)
        for severity in ("error", "warning")
        if severity in severities
    )


def _repair(run: RunReport, seen: VerificationReport | None, *, well: bool) -> str:
    states = [entry.state for entry in run.entries]
    parts = [f"{states.count(state)} {spoken(state)}" for state in dict.fromkeys(states)]
    steps = f"of {counted(len(states), 'step')} {listed(parts)}" if parts else "no step"
    if seen is None:
        return f"{'complete' if well else 'incomplete'}: {steps}"
    word = "did not hold" if seen.problems else "it held" if well else "incomplete"
    return f"{word}: {steps}, then watched for {seen.held_for_s:.0f} s"
