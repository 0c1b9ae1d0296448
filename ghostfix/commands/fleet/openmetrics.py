"""OpenMetrics: the numbers of every host, each with the host's name, and whether it had an answer."""

from ghostfix.model.fleet import SURVEYED, FleetReport
from ghostfix.report.formats.openmetrics import families
from ghostfix.report.metric_family import END, family
from ghostfix.report.output_options import Layout


def render(fleet: FleetReport, layout: Layout | None = None) -> str:  # noqa: ARG001 -- numbers have no layout
    """The fleet as one document."""
    answered = family(
        "fleet_host_answered",
        "gauge",
        "1 for a host that was looked at, 0 for one of which nothing is known.",
        [({"host": host.name}, int(host.state in SURVEYED)) for host in fleet.hosts],
    )
    rows = [
        ({"host": host.name, "service": report.service.name}, report)
        for host in fleet.hosts
        for report in host.reports
    ]
    return "\n".join((*answered, *families(rows), END))
