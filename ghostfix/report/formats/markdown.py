"""Markdown: a summary that a person would paste into a ticket."""

import re
from collections.abc import Iterable, Sequence

from ghostfix.diagnosis.checks import group_of
from ghostfix.model.finding import Group
from ghostfix.model.pattern import Pattern
from ghostfix.model.report import EvidenceReport, FindingReport, Report, ResultReport, StepReport, Verdict
from ghostfix.model.text_units import stamp_text
from ghostfix.report.advice import acted, findings, next_commands, offers, prevention
from ghostfix.report.cause_chains import chains
from ghostfix.report.output_options import Layout
from ghostfix.report.quantity import quantities

# Every character that can begin a construct of CommonMark or of GitHub's dialect, mentions included.
_SPECIAL = Pattern(r"([\\`*_{}\[\]<>#|~!@$&])")
_AT_START = Pattern(r"^(\s*)([-+=]|\d+[.)])")
_LINK = Pattern(r"(?i)\b(https?|ftp|mailto|www)(:|\.)")
_MARKS = {"error": "✗", "warning": "!", "info": "i"}


def render(report: Report, layout: Layout | None = None) -> str:  # noqa: ARG001 -- Markdown has no width
    """The report as Markdown; content from the machine cannot break out of its place."""
    sections = (
        _head(report),
        _causes(report),
        _details(report),
        _actions(report),
        _status(report),
        _metrics(report),
        _next(report),
        _validation(report),
    )
    return "\n".join("\n".join(section) + "\n" for section in sections)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:
    """Several summaries below each other."""
    return "\n".join(render(report, layout) for report in reports)


def escaped(text: str) -> str:
    """Text as itself: nothing in it is read as Markdown, as HTML, as a link or as a mention."""
    plain = _SPECIAL.sub(r"\\\1", text)
    plain = _LINK.sub(lambda match: f"{match[1]}\\{match[2]}", plain)
    return _AT_START.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", plain)


def code(text: str) -> str:
    """Text as a code span, with a fence longer than any run of backticks in it."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or (text[0] == text[-1] == " ") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _head(report: Report) -> list[str]:
    service, host = report.service, report.host
    when = stamp_text(report.taken_at)
    return [
        f"# {escaped(service.name)}: Diagnosis and Repair Summary",
        "",
        f"**{report.verdict.value.upper()}** on {escaped(host.hostname)} ({escaped(host.platform)}), {when}.",
        f"Profile: {code(service.profile)}, folder: {code(service.directory)}, ghostfix {report.version}.",
        *(f"\n> {escaped(note)}" for note in report.notes),
    ]


def _causes(report: Report) -> list[str]:
    lines = ["## Root causes", ""]
    found = chains(report.causes)
    if found:
        arrow = " → "
        return lines + [
            f"{n}. {arrow.join(escaped(link.short) for link in chain)}" for n, chain in enumerate(found, 1)
        ]
    if any(finding.severity != "info" for finding in findings(report)):
        return [*lines, "No finding leads to another one: see the details."]
    if report.verdict is Verdict.UNKNOWN:
        return [*lines, "Unknown: not everything could be looked at."]
    return [*lines, "None: nothing is wrong."]


def _details(report: Report) -> list[str]:
    lines = ["## Details"]
    if acted(report):
        lines += ["", "As found before the repair."]
    for group in Group:
        items = [
            line for result in report.results if group_of(result.check) is group for line in _result(result)
        ]
        if items:
            lines += ["", f"### {group.value}", "", *items]
    clear = [result.check for result in report.results if result.outcome == "clear"]
    skipped = [r.check for r in report.results if r.outcome == "skipped" and not r.unread]
    if clear:
        lines += ["", f"Nothing found: {', '.join(map(code, clear))}."]
    if skipped:
        lines += ["", f"Not applicable: {', '.join(map(code, skipped))}."]
    return lines


def _result(result: ResultReport) -> Iterable[str]:
    for finding in result.findings:
        yield from _finding(finding)
    if result.unread:
        yield f"- ? {code(result.check)} could not look: {escaped(result.reason or '')}"
    elif result.outcome == "crashed":
        yield f"- ? {code(result.check)} failed itself: {escaped(result.reason or '')}"


def _finding(finding: FindingReport) -> Iterable[str]:
    mark = escaped(_MARKS.get(finding.severity, ""))
    known = f"({code(finding.code)}, {finding.severity}, {finding.confidence})"
    yield f"- {mark} **{escaped(finding.summary)}** {known}"
    yield f"  - {escaped(finding.cause)}"
    if finding.doubt is not None:
        yield f"  - Not certain: {escaped(finding.doubt)}"
    for evidence in finding.evidence:
        yield f"  - {_evidence(evidence)}"


def _evidence(evidence: EvidenceReport) -> str:
    if evidence.file is None:
        return escaped(evidence.text)
    place = evidence.file if evidence.line is None else f"{evidence.file}:{evidence.line}"
    return f"{code(place)}: {code(evidence.text)}" if evidence.text else code(place)


def _actions(report: Report) -> list[str]:
    lines = ["## Actions taken", ""]
    run, plan = report.run, report.plan
    if run is not None and not run.dry_run:
        lines += [f"Run {code(run.id)}:", ""]
        return lines + [
            f"{entry.n}. {code(entry.kind)}: **{entry.state}**"
            + (f": {escaped(entry.detail)}" if entry.detail else "")
            for entry in run.entries
        ]
    if plan is None or not (plan.steps or plan.withheld):
        return [*lines, "None."]
    lines += ["None so far. A repair would do this, in this order:", ""]
    for step in plan.steps:
        last = "" if step.reversible else " (cannot be undone)"
        lines.append(f"{step.n}. {step.phase}: {escaped(step.preview)}{last}")
        lines += _diff(step)
    held = [f"- only with {code(held.option)}: {escaped(held.preview)}" for held in plan.withheld]
    return [*lines, *(["", "Left out:", "", *held] if held else [])]


def _diff(step: StepReport) -> list[str]:
    """As an indented block below its step: there no text can end it."""
    return ["", *(f"        {line}" for line in step.diff), ""] if step.diff else []


def _status(report: Report) -> list[str]:
    lines = ["## Current status", "", f"- Verdict: **{report.verdict.value}**, exit code {report.exit_code}"]
    for instance in report.instances:
        ports = f", port {', '.join(map(str, instance.listening))}" if instance.listening else ""
        owner = f", started by {code(instance.managed_by)}" if instance.managed_by else ""
        lines.append(f"- Running: pid {instance.pid}{ports}{owner}: {code(instance.cmdline)}")
    if not report.instances:
        lines.append("- Running: no instance")
    for job in report.restarters:
        state = "" if job.enabled else ", held or disabled"
        manager = f"{escaped(job.kind)} {code(job.id)}, {escaped(job.trigger)}{state}"
        lines.append(f"- Started by {manager}: {code(job.command)}")
    seen = report.verification
    if seen is not None:
        lines.append(
            f"- Watched for {seen.held_for_s:.0f} s: instances {seen.instances}, "
            f"restarts {seen.restarts_seen}, health: {escaped(seen.health)}"
        )
        lines += [f"  - {escaped(problem)}" for problem in seen.problems]
    return lines


def _metrics(report: Report) -> list[str]:
    rows = [
        f"| {row.name} | {row.value}{' **(over)**' if row.exceeded else ''} | {row.limit or '–'} |"
        for row in quantities(report.metrics)
    ]
    return ["## Metrics", "", "| Metric | Value | Limit |", "| --- | --- | --- |", *rows]


def _next(report: Report) -> list[str]:
    immediate = [
        f"- {code(one.command)} {one.effect}" for one in next_commands(report) if one not in offers(report)
    ]
    lasting = [f"- {code(one.command)} {one.effect}" for one in offers(report)]
    lasting += [f"- {sentence}" for sentence in prevention(report)]
    return [
        "## Next steps",
        "",
        "Immediate:",
        "",
        *(immediate or ["- nothing to do"]),
        "",
        "Long-term:",
        "",
        *(lasting or ["- nothing to do"]),
    ]


def _validation(report: Report) -> list[str]:
    """What must hold, ticked where this report saw it hold."""
    lines = ["## Validation", ""]
    seen = report.verification
    held = seen is not None and not seen.problems
    for group in Group:
        members = [r for r in report.results if group_of(r.check) is group]
        ran = [r for r in members if r.outcome != "skipped" or r.unread]
        if ran:
            good = held if acted(report) else all(_is_good(result) for result in ran)
            lines.append(
                f"- [{'x' if good else ' '}] {group.value}: {', '.join(code(r.check) for r in ran)} clear"
            )
    watched = f"for {seen.held_for_s:.0f} s" if seen is not None else "for the length of a watch"
    lines.append(f"- [{'x' if held else ' '}] Nothing restarts {watched}, and the service stays healthy")
    return lines


def _is_good(result: ResultReport) -> bool:
    return result.outcome == "clear" or (
        result.outcome == "found" and all(finding.severity == "info" for finding in result.findings)
    )
