"""The lines of a page that are about a repair: its plan, what was done, and whether it held."""

from ghostfix.model.report import PlanReport, RunReport, VerificationReport
from ghostfix.model.text_units import counted, spoken
from ghostfix.report.console_page import Page

_PHASES = {
    "hold": "Hold what restarts it",
    "stop": "Stop processes",
    "clean": "Clean files",
    "fix": "Fix the environment",
    "start": "Start one instance",
    "verify": "Verify",
}
_DIFF_STYLES = {"+": "green", "-": "red"}


def plan_lines(page: Page, plan: PlanReport, *, seen: bool) -> None:
    """The steps by phase, numbered, and those that are left out with the option that lets them in.

    ``seen`` is whether enough was seen of the service to say that nothing is to be repaired.
    """
    if not plan.steps:
        page.heading("Nothing to repair" if seen else "No plan: too much could not be looked at")
    phase = ""
    for step in plan.steps:
        if not phase:
            page.heading("Plan")
        if step.phase != phase:
            phase = step.phase
            page.line((_PHASES.get(phase, phase), ""), indent=2)
        lasting_ = "" if step.reversible else "  (cannot be undone)"
        text = page.joined((step.preview, ""), (lasting_, "dim"))
        page.item(f"{step.n}.".rjust(len(str(len(plan.steps))) + 1), "bold", text, indent=4)
        for line in step.diff:
            page.line((line, _DIFF_STYLES.get(line[:1], "dim")), indent=8)
    for held in plan.withheld:
        why = f"  (only with {held.option})" if held.option.startswith("--") else f"  (only {held.option})"
        page.item(page.marks.skipped, "dim", page.joined((held.preview, "dim"), (why, "bold")), indent=4)


def run_lines(page: Page, run: RunReport) -> None:
    """What became of each step."""
    page.heading(f"What was done (run {run.id})")
    marks = {
        "done": (page.marks.good, "green"),
        "undone": (page.marks.good, "green"),
        "irreversible": (page.marks.skipped, "dim"),
        "unneeded": (page.marks.skipped, "dim"),
        "skipped": (page.marks.skipped, "dim"),
        "not-reached": (page.marks.skipped, "dim"),
        "refused": (page.marks.warning, "bold yellow"),
    }
    for entry in run.entries:
        mark, style = marks.get(entry.state, (page.marks.bad, "bold red"))
        text = page.joined(
            (f"{entry.n}. {entry.kind}", "bold"), (f"  {_outcome_text(entry.state, entry.detail)}", "")
        )
        page.item(mark, style, text, indent=2)


def verification_lines(page: Page, seen: VerificationReport) -> None:
    """Whether the repair held, and what was seen."""
    page.heading("Verification")
    restarts = "no restart" if seen.restarts_seen == 0 else counted(seen.restarts_seen, "restart")
    facts = f"{counted(seen.instances, 'instance')}, {restarts}, health: {seen.health}"
    good = not seen.problems
    mark, style = (page.marks.good, "bold green") if good else (page.marks.bad, "bold red")
    word = "held" if good else "did not hold"
    page.item(mark, style, page.text(f"{word}; watched for {seen.held_for_s:.0f} s: {facts}"), indent=2)
    for problem in seen.problems:
        page.item(page.marks.item, "", page.text(problem), indent=4)


def _outcome_text(state: str, detail: str) -> str:
    if state in ("done", "undone"):
        return detail or state
    return f"{spoken(state)}: {detail}" if detail else spoken(state)
