"""A fleet made by hand: some of its hosts are ill with the same, and of some nothing is known."""

from msgspec import structs

from ghostfix.commands.fleet.shared_findings import shared_findings
from ghostfix.model.errors import ExitCode
from ghostfix.model.fleet import FleetHost, FleetReport, HostState, Verb
from ghostfix.model.report import Report, Verdict
from tests.report.formats import SITUATIONS

INCIDENT, HEALTHY = SITUATIONS["incident"], SITUATIONS["healthy"]


def seen(name: str, report: Report, **changes: object) -> FleetHost:
    host = FleetHost(
        name=name,
        state=HostState.SEEN,
        exit_code=report.exit_code,
        verdict=report.verdict,
        reports=(report,),
    )
    return structs.replace(host, **changes)


def unknown(name: str, state: HostState, reason: str) -> FleetHost:
    return FleetHost(name=name, state=state, exit_code=ExitCode.COULD_NOT_LOOK, reason=reason)


def fleet(*hosts: FleetHost, verb: Verb = Verb.DIAGNOSE, dry_run: bool = False) -> FleetReport:
    return FleetReport(
        version="0.1.0",
        taken_at="2026-11-23T20:15:30Z",
        verb=verb,
        dry_run=dry_run,
        inventory=("hosts.ini",),
        exit_code=1,
        hosts=hosts,
        findings=shared_findings(hosts),
    )


MIXED = fleet(
    seen("web1", HEALTHY),
    seen("web2", INCIDENT, kept=("d20261123-201530-a1b2",)),
    seen("web3", INCIDENT),
    seen("web4", HEALTHY),
    unknown("web5", HostState.UNREACHABLE, "No route to host"),
    unknown("web6", HostState.FAILED, "there is no Python"),
)
ROLLED = fleet(
    seen(
        "web1", SITUATIONS["repaired"], state=HostState.DONE, verdict=Verdict.HEALTHY, changed=True, run="r1"
    ),
    structs.replace(unknown("web2", HostState.LOST, "it went dark"), run="r2", changed=True),
    structs.replace(seen("web3", INCIDENT), state=HostState.SPARED, reason="too much had failed before"),
    verb=Verb.REPAIR,
)
