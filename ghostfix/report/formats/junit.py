"""JUnit: one test case a check, for build servers that show test results."""

from collections.abc import Iterable, Sequence
from html import escape

from ghostfix.model.pattern import Pattern
from ghostfix.model.report import EvidenceReport, FindingReport, Report, ResultReport, fails
from ghostfix.report.output_options import Layout

_ILLEGAL = Pattern(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, layout: Layout | None = None) -> str:
    """The report as one JUnit document."""
    return render_all((report,), layout)


def render_all(reports: Sequence[Report], layout: Layout | None = None) -> str:  # noqa: ARG001 -- XML has no layout
    """Several reports as one JUnit document, a suite for each service."""
    return document([line for report in reports for line in suite(report)])


def document(lines: Sequence[str]) -> str:
    """The document around the lines of its suites."""
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *lines, "</testsuites>\n"))


def suite(report: Report, hostname: str | None = None) -> Iterable[str]:
    """The lines of one report's suite; ``hostname`` stands for the name that the host gives itself."""
    kinds = [_kind(result, report) for result in report.results]
    attributes = {
        "name": report.service.name,
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": "0",
        "timestamp": report.taken_at.removesuffix("Z"),
        "hostname": hostname or report.host.hostname,
    }
    yield f"  <testsuite{attributes_xml(attributes)}>"
    yield "    <properties>"
    facts = {
        "verdict": report.verdict.value,
        "exit_code": str(report.exit_code),
        "profile": report.service.profile,
    }
    for name, value in facts.items():
        yield f"      <property{attributes_xml({'name': name, 'value': value})}/>"
    yield "    </properties>"
    for result, kind in zip(report.results, kinds, strict=True):
        yield from _case(result, kind, report)
    yield "  </testsuite>"


def _kind(result: ResultReport, report: Report) -> str:
    """What becomes of a check: findings that count fail it; what could not be read is an error."""
    if any(fails(finding, report) for finding in result.findings):
        return "failure"
    if result.unread or result.outcome == "crashed":
        return "error"
    return "skipped" if result.outcome == "skipped" else ""


def _case(result: ResultReport, kind: str, report: Report) -> Iterable[str]:
    case = attributes_xml({"name": result.check, "classname": f"ghostfix.{report.service.name}", "time": "0"})
    text = "\n\n".join(_finding(finding) for finding in result.findings)
    yield f"    <testcase{case}>"
    if kind == "failure":
        summary = "; ".join(finding.summary for finding in result.findings)
        failure = attributes_xml({"message": summary, "type": result.check})
        yield f"      <failure{failure}>{_safe(text)}</failure>"
    elif kind:
        type_ = {"type": result.outcome} if kind == "error" else {}
        yield f"      <{kind}{attributes_xml({'message': result.reason or '', **type_})}/>"
    if text and kind != "failure":
        yield f"      <system-out>{_safe(text)}</system-out>"
    yield "    </testcase>"


def _finding(finding: FindingReport) -> str:
    doubt = [f"Not certain: {finding.doubt}"] if finding.doubt else []
    repair = [f"A repair would: {step}" for step in finding.repair]
    seen = [_evidence(evidence) for evidence in finding.evidence]
    head = f"{finding.severity} ({finding.confidence}): {finding.summary}"
    return "\n".join((head, finding.cause, *doubt, *seen, *repair))


def _evidence(evidence: EvidenceReport) -> str:
    if evidence.file is None:
        return evidence.text
    place = evidence.file if evidence.line is None else f"{evidence.file}:{evidence.line}"
    return f"{place}: {evidence.text}"


def attributes_xml(attributes: dict[str, str]) -> str:
    """The attributes of an element, escaped."""
    return "".join(f' {name}="{_safe(value)}"' for name, value in attributes.items())


def _safe(text: str) -> str:
    """Text as XML takes it; a character that XML cannot hold becomes a question mark."""
    return escape(_ILLEGAL.sub("?", text))
