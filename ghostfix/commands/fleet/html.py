"""HTML: the fleet on one page, and below it the report of each host that is not well; one file, no script."""

from ghostfix.commands.fleet.wording import headline, host_words, next_steps, said_of
from ghostfix.model.fleet import FleetHost, FleetReport, SharedFinding, by_verdict, not_surveyed, surveyed
from ghostfix.model.report import Verdict
from ghostfix.model.text_units import stamp_text
from ghostfix.report.formats.html import article, document
from ghostfix.report.markup import Markup, element
from ghostfix.report.output_options import Layout


def render(fleet: FleetReport, layout: Layout | None = None) -> str:  # noqa: ARG001 -- the reader's window decides
    """The fleet as one HTML document; text from the hosts cannot become markup."""
    ill = [report for host in fleet.hosts if not _is_well(host) for report in host.reports]
    return document(f"{headline(fleet)} (ghostfix)", _overview(fleet), *(article(report) for report in ill))


def _is_well(host: FleetHost) -> bool:
    return host.verdict is Verdict.HEALTHY and host.exit_code == 0 and not host.changed


def _overview(fleet: FleetReport) -> Markup:
    when = stamp_text(fleet.taken_at)
    summary = (
        f"ghostfix fleet {fleet.verb.value}, {when}, exit code {fleet.exit_code}, ghostfix {fleet.version}"
    )
    groups = by_verdict(fleet)
    worst = groups[0][0].value if groups else "unknown"
    head = element(
        "header",
        element("h1", headline(fleet)),
        element("p", summary),
        *(element("p", note, class_="note") for note in fleet.notes),
        class_=worst,
    )
    sections = [head, _findings(fleet), _hosts(fleet), _unknown(fleet), _next(fleet)]
    return element("article", *(section for section in sections if section is not None))


def _findings(fleet: FleetReport) -> Markup:
    rows = [_finding(finding) for finding in fleet.findings] or [element("li", "Nothing is wrong.")]
    return element("section", element("h2", "What was found"), element("ul", *rows, class_="steps"))


def _finding(finding: SharedFinding) -> Markup:
    tag = element("span", finding.severity, class_=f"tag {finding.severity}")
    hosts = f"{finding.code}, {finding.service}; {said_of(finding.hosts)}"
    return element("li", tag, finding.summary, element("br"), element("span", hosts, class_="soft"))


def _hosts(fleet: FleetReport) -> Markup | None:
    rows = [
        element(
            "li",
            element("b", host.name), " ", element("span", verdict.value, class_=f"word {verdict.value}"), " ",
            *(element("span", word, class_="soft") for word in [", ".join(host_words(host))]),
        )
        for verdict, hosts in by_verdict(fleet)
        for host in hosts
    ]  # fmt: skip
    rows += [
        element("li", element("b", host.name), " ", ", ".join(host_words(host)))
        for host in surveyed(fleet)
        if host.verdict is None
    ]
    return element("section", element("h2", "Hosts"), element("ul", *rows, class_="steps")) if rows else None


def _unknown(fleet: FleetReport) -> Markup | None:
    rows = [
        element(
            "li",
            element("b", host.name), " ", element("span", host.state.value, class_="word warning"),
            f" {host.reason or ''}",
        )
        for host in not_surveyed(fleet)
    ]  # fmt: skip
    title = "Of these hosts nothing, or only half, is known"
    return element("section", element("h2", title), element("ul", *rows, class_="steps")) if rows else None


def _next(fleet: FleetReport) -> Markup | None:
    rows = [element("li", element("code", one.command), f" {one.effect}") for one in next_steps(fleet)]
    return element("section", element("h2", "What next"), element("ul", *rows)) if rows else None
