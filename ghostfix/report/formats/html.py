"""HTML: one self-contained file to keep or to send on; no script, nothing from the network."""

from collections.abc import Iterable, Sequence

from ghostfix.model.report import (
    EntryReport,
    EvidenceReport,
    FindingReport,
    InstanceReport,
    PlaceReport,
    Report,
    ResultReport,
    StepReport,
)
from ghostfix.model.text_units import lasting, spoken, stamp_text
from ghostfix.report.advice import acted, findings, next_commands, offers, prevention
from ghostfix.report.headline import headlines
from ghostfix.report.html_style import STYLE
from ghostfix.report.markup import Markup, element, together
from ghostfix.report.output_options import Layout
from ghostfix.report.process_forest import Grove, groves
from ghostfix.report.quantity import Quantity, quantities
from ghostfix.report.svg import WIDTHS, causes_picture, timeline_picture
from ghostfix.report.timeline import seconds_at, timeline

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the page may load: nothing but its own style."""


def render(report: Report, layout: Layout | None = None) -> str:
    """The report as one HTML document; text from the machine cannot become markup."""
    return render_all((report,), layout)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:  # noqa: ARG001 -- the reader's window decides
    """Several reports below each other in one HTML document."""
    names = ", ".join(f"{report.service.name}: {report.verdict.value}" for report in reports)
    return document(f"{names} (ghostfix)", *(article(report) for report in reports))


def document(title: str, *articles: Markup) -> str:
    """The page around the articles."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element("body", *articles)
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def article(report: Report) -> Markup:
    """One report, as a part of a page."""
    sections = (_plan(report), _findings(report)) if acted(report) else (_findings(report), _plan(report))
    parts = (
        _head(report),
        _causes(report),
        *sections,
        _processes(report),
        _timeline(report),
        _metrics(report),
        _checks(report),
        _prevention(report),
    )
    return element("article", *(part for part in parts if part is not None))


def _section(title: str, *children: str) -> Markup:
    return element("section", element("h2", title), *children)


def _head(report: Report) -> Markup:
    """What a tired person reads first: the verdict, the root cause, and what to type next."""
    verdict, host = report.verdict.value, report.host
    when = stamp_text(report.taken_at)
    where = f"{host.hostname} ({host.platform}), {when}, exit code {report.exit_code}"
    word = element("span", verdict, class_=f"verdict {verdict}")
    lead = [
        element("p", line.label, " ", element("b", line.text), class_="lead") for line in headlines(report)
    ]
    commands = [
        element("li", _code(one.command), " ", element("span", one.effect, class_="soft"))
        for one in next_commands(report)
    ]
    return element(
        "header",
        element("h1", report.service.name, " ", word),
        element("p", where, class_="soft"),
        *lead,
        *(element("p", note, class_="note") for note in report.notes),
        *([element("p", "What to type next", class_="lead"), element("ul", *commands, class_="next")]
          if commands else []),
        element(
            "p", "Profile ", _code(report.service.profile), ", folder ", _code(report.service.directory),
            f", ghostfix {report.version}, Python {host.python}", class_="soft small",
        ),
        class_=verdict,
    )  # fmt: skip


def _causes(report: Report) -> Markup | None:
    if not report.causes:
        return None
    title = "Why it was so before the repair" if acted(report) else "Why"
    return _section(title, *(causes_picture(report.causes, width) for width in WIDTHS))


def _findings(report: Report) -> Markup:
    title = "What was found before the repair" if acted(report) else "What was found"
    found = [_finding(finding) for finding in findings(report)]
    unread = [
        element("p", element("span", _trouble(r), class_="tag warning"), _code(r.check), f" {r.reason or ''}")
        for r in report.results
        if r.unread or r.outcome == "crashed"
    ]
    nothing = "Nothing that could be seen." if unread else "Nothing is wrong."
    return _section(title, *(found or [element("p", nothing)]), *unread)


def _trouble(result: ResultReport) -> str:
    return "could not look" if result.unread else "failed itself"


def _finding(finding: FindingReport) -> Markup:
    tag = element("span", finding.severity, class_=f"tag {finding.severity}")
    said = element("span", finding.summary, class_="said")
    code = element("span", finding.code, class_="soft code")
    details = [element("p", finding.cause)]
    if finding.doubt is not None:
        details.append(element("p", f"Not certain: {finding.doubt}", class_="warning"))
    if finding.evidence:
        details.append(element("ul", *(element("li", _evidence(one)) for one in finding.evidence)))
    if finding.repair:
        details.append(element("p", "A repair would:"))
        details.append(element("ul", *(element("li", step) for step in finding.repair)))
    about = f"{finding.code}, {finding.confidence}, about {finding.subject.kind} {finding.subject.name}"
    details.append(element("p", about, class_="soft"))
    return element("details", element("summary", tag, said, code), *details)


def _evidence(evidence: EvidenceReport) -> Markup:
    if evidence.file is None:
        return together([evidence.text])
    place = _code(_place(evidence.file, evidence.line))
    return together([place, " ", _code(evidence.text)]) if evidence.text else place


def _plan(report: Report) -> Markup | None:
    plan, run = report.plan, report.run
    if plan is None or not (plan.steps or plan.withheld):
        return None
    entries = {} if run is None else {entry.n: entry for entry in run.entries}
    rows = [_step(step, entries.get(step.n)) for step in plan.steps]
    held = [
        element("li", f"Left out: {held.preview}; ", _code(held.option), " does it", class_="soft")
        for held in plan.withheld
    ]
    title = f"What was done (run {run.id})" if run is not None and acted(report) else "What a repair would do"
    return _section(title, element("ul", *rows, *held, class_="steps"), *_verification(report))


def _step(step: StepReport, entry: EntryReport | None) -> Markup:
    last = "" if step.reversible else " (cannot be undone)"
    tag = [] if entry is None else [element("span", spoken(entry.state), class_=f"tag {entry.state}")]
    detail = [step.phase, f"for {step.reason}"] + ([entry.detail] if entry and entry.detail else [])
    row = [*tag, f"{step.n}. {step.preview}{last}", element("br")]
    written = [element("pre", "\n".join(step.diff))] if step.diff else []
    return element("li", *row, element("span", ", ".join(detail), class_="soft"), *written)


def _verification(report: Report) -> Iterable[Markup]:
    seen = report.verification
    if seen is None:
        return
    yield element(
        "p",
        f"Watched for {seen.held_for_s:.0f} s: instances {seen.instances}, restarts {seen.restarts_seen}, "
        f"health {seen.health}.",
    )
    for problem in seen.problems:
        yield element("p", problem, class_="error")


def _processes(report: Report) -> Markup:
    rows = [_grove(grove, seconds_at(report.taken_at)) for grove in groves(report)]
    title = "What runs, and who started it"
    if not rows:
        return _section(title, element("p", "No instance was seen."))
    return _section(title, element("ul", *rows, class_="tree"))


def _grove(grove: Grove, now: float) -> Markup:
    job = grove.restarter
    hops: list[Markup] = []
    if job is not None:
        state = "" if job.enabled else " (held or disabled)"
        name = element("b", f"{job.kind} {job.id}")
        head = together([name, f", {job.trigger}{state} ", _code(job.command)])
        places = (() if job.where is None else (job.where,)) + job.link.hops
        hops = [element("li", _hop(place), class_="hop soft") for place in places]
    elif grove.starter:
        head = together(["Started by ", element("b", grove.starter)])
    else:
        head = together([element("b", "Started by somebody"), " who cannot be seen any more"])
    below = [*hops, *(_instance(one, now) for one in grove.instances)]
    return element("li", head, *([element("ul", *below)] if below else []))


def _hop(place: PlaceReport) -> Markup:
    return together([_place(place.file, place.line), " ", _code(place.text)] if place.text else [place.file])


def _instance(instance: InstanceReport, now: float) -> Markup:
    facts = [f"for {lasting(now - instance.started)}", f"parent {instance.ppid}"]
    facts += [f"port {', '.join(map(str, instance.listening))}"] if instance.listening else []
    members = [element("li", f"pid {one.pid} ", _code(one.cmdline)) for one in instance.members]
    below = [element("ul", *members)] if members else []
    head = (element("b", f"pid {instance.pid}", class_="pid"), f" {', '.join(facts)} ")
    return element("li", *head, _code(instance.cmdline), *below)


def _timeline(report: Report) -> Markup | None:
    line = timeline(report)
    if not line.moments:
        return None
    return _section("When", *(timeline_picture(line, width) for width in WIDTHS))


def _metrics(report: Report) -> Markup:
    return _section("The machine", *(_metric(row) for row in quantities(report.metrics)))


def _metric(row: Quantity) -> Markup:
    bar: Markup = element("div")
    if row.share is not None:
        width = f"width:{min(row.share, 1.0) * 100:.1f}%"
        kind = "beyond" if row.exceeded else "within"
        bar = element("div", element("span", class_=kind, style=width), class_="bar")
    limit = f", limit {row.limit}" if row.limit and not row.exceeded else ""
    value = element("div", f"{row.value}{limit}", class_="over" if row.exceeded else "value")
    return element("div", element("div", row.name), bar, value, class_="row")


def _checks(report: Report) -> Markup | None:
    clear = [result.check for result in report.results if result.outcome == "clear"]
    skipped = [r for r in report.results if r.outcome == "skipped" and not r.unread]
    lines = [element("p", "Nothing found by: ", ", ".join(clear), ".")] if clear else []
    if skipped:
        lines.append(element("p", "Not applicable:"))
        lines.append(element("ul", *(_skipped(result) for result in skipped)))
    return _section("The other checks", *lines) if lines else None


def _skipped(result: ResultReport) -> Markup:
    return element("li", f"{result.check}: {result.reason or ''}", class_="soft")


def _prevention(report: Report) -> Markup | None:
    next_ones = next_commands(report)
    rows = [
        element("li", _code(one.command), f" {one.effect}") for one in offers(report) if one not in next_ones
    ]
    rows += [element("li", _prose(sentence)) for sentence in prevention(report)]
    return _section("So that it does not come back", element("ul", *rows)) if rows else None


def _prose(sentence: str) -> Markup:
    """A sentence of ours, in which what stands in backticks is code."""
    parts = sentence.split("`")
    return together(_code(part) if n % 2 else part for n, part in enumerate(parts))


def _code(text: str) -> Markup:
    return element("code", text)


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"
