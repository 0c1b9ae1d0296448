"""Advice: what to type next, and what keeps a fault from coming back (pure)."""

import posixpath
import shlex

from msgspec import Struct

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.report import FindingReport, Report, Verdict

_PROFILE_FILES = ("ghostfix.toml", "pyproject.toml")
_DENIED = ("permission", "privilege", "denied", "not permitted", "root")
_WENT_WELL = ("done", "unneeded", "undone")


class Advice(Struct, frozen=True):
    """A command, and what it does."""

    command: str
    effect: str


def findings(report: Report) -> tuple[FindingReport, ...]:
    """All findings of a report, in its order."""
    return tuple(finding for result in report.results for finding in result.findings)


def next_commands(report: Report) -> tuple[Advice, ...]:
    """The commands to type next, the first one first; none when there is nothing to do."""
    if acted(report):
        return _after_run(report)
    if report.plan is not None:
        return _after_plan(report)
    found = findings(report)
    if any(finding.repair for finding in found):
        return (
            Advice(_command("repair", report, "--dry-run"), "shows what a repair would do"),
            Advice(_command("repair", report), "does it, after asking"),
        )
    advice = [
        Advice(f"ghostfix explain {code}", "says how to repair it by hand")
        for code in dict.fromkeys(finding.code for finding in found if finding.severity != "info")
    ][:1]
    return (*advice, *_for_unread(report))


def prevention(report: Report) -> tuple[str, ...]:
    """What keeps the faults of this report from coming back, each sentence once."""
    codes = {finding.code for finding in findings(report)}
    return tuple(dict.fromkeys(check.prevention for check in CHECKS if check.code in codes))


def offers(report: Report) -> tuple[Advice, ...]:
    """The commands that keep it from coming back, for a service without a manager that was found ill."""
    ill = acted(report) or any(finding.severity == "error" for finding in findings(report))
    if not ill or not report.offers or (report.plan is not None and report.plan.asked[0] == "adopt"):
        return ()
    best, *others = report.offers
    besides = f" (or to {', '.join(others)})" if others else ""
    return (Advice(_command("adopt", report, "--with", best), f"gives it to one manager for good{besides}"),)


def acted(report: Report) -> bool:
    """Whether a repair did something, or set out to: its findings are then those from before."""
    return report.run is not None and not report.run.dry_run


def went_well(report: Report) -> bool:
    """Whether a repair did all that it set out to do, and what it did held."""
    if report.run is None or any(entry.state not in _WENT_WELL for entry in report.run.entries):
        return False
    return report.verification is None or not report.verification.problems


def _after_run(report: Report) -> tuple[Advice, ...]:
    if report.run is None:
        return ()
    back = Advice(f"ghostfix undo {shlex.quote(report.run.id)}", "takes this repair back")
    if went_well(report):
        return (Advice(_command("diagnose", report), "looks again"), back, *offers(report))
    return (Advice(_asked(report), "goes on from here"), *_left_out(report), back)


def _after_plan(report: Report) -> tuple[Advice, ...]:
    plan = report.plan
    if plan is None:
        return ()
    advice = [Advice(_asked(report), "does this, after asking")] if plan.steps else []
    return (*advice, *_left_out(report)) or _for_unread(report)


def _left_out(report: Report) -> tuple[Advice, ...]:
    """The options with which a repair does more."""
    withheld = () if report.plan is None else report.plan.withheld
    options = dict.fromkeys(held.option for held in withheld if held.option.startswith("--"))
    return tuple(Advice(_asked(report, option), "does what was left out as well") for option in options)


def _for_unread(report: Report) -> tuple[Advice, ...]:
    reasons = " ".join(result.reason or "" for result in report.results if result.unread).lower()
    if not reasons and report.verdict is not Verdict.UNKNOWN:
        return ()
    if any(word in reasons for word in _DENIED):
        return (Advice(f"sudo {_command('diagnose', report)}", "sees what this user may not"),)
    return (Advice(_command("diagnose", report, "-v"), "shows all that was seen"),)


def _asked(report: Report, *options: str) -> str:
    """The command that made this plan, once more."""
    name, *given = ("repair",) if report.plan is None else report.plan.asked
    return _command(name, report, *given, *options)


def _command(name: str, report: Report, *options: str) -> str:
    return command(name, report.service.name, report.service.profile, *options)


def command(name: str, service: str, profile: str, *options: str) -> str:
    """A command on a service, as it is to be typed; its profile is named where that would not be found."""
    words = ["ghostfix", name, service, *options]
    # A file with a name of its own is not found unless it is named.
    if profile.startswith("/") and posixpath.basename(profile) not in _PROFILE_FILES:
        words += [] if "--config" in options else ["--config", profile]
    return shlex.join(words)
