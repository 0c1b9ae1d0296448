"""JUnit: a suite for each service of each host; a host that could not be surveyed is an error of its own."""

from collections.abc import Iterable

from ghostfix.model.fleet import FleetHost, FleetReport, not_surveyed
from ghostfix.report.formats.junit import attributes_xml, document, suite
from ghostfix.report.output_options import Layout


def render(fleet: FleetReport, layout: Layout | None = None) -> str:  # noqa: ARG001 -- XML has no layout
    """The fleet as one JUnit document."""
    known = [line for host in fleet.hosts for report in host.reports for line in suite(report, host.name)]
    unknown = [line for host in not_surveyed(fleet) for line in _unknown(host, fleet)]
    return document([*known, *unknown])


def _unknown(host: FleetHost, fleet: FleetReport) -> Iterable[str]:
    attributes = {
        "name": host.name,
        "tests": "1",
        "failures": "0",
        "errors": "1",
        "skipped": "0",
        "time": "0",
        "timestamp": fleet.taken_at.removesuffix("Z"),
        "hostname": host.name,
    }
    yield f"  <testsuite{attributes_xml(attributes)}>"
    yield f"    <testcase{attributes_xml({'name': 'reached', 'classname': 'ghostfix.fleet', 'time': '0'})}>"
    yield f"      <error{attributes_xml({'message': host.reason or '', 'type': host.state.value})}/>"
    yield "    </testcase>"
    yield "  </testsuite>"
