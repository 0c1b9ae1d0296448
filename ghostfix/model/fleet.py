"""Fleet: what was found, or done, on many machines. Its field names are the JSON's (``ghostfix.fleet/1``).

What a host says of itself is a ``Report``, unchanged. A host that could not be looked at is not among the
ill: it has a state of its own, and the reason. Text in it is safe to show.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from ghostfix.model.report import Report, SubjectReport, Verdict

SCHEMA = "ghostfix.fleet/1"


class Verb(Enum):
    """What a fleet is asked to do."""

    DIAGNOSE = "diagnose"
    REPAIR = "repair"
    UNDO = "undo"


class HostState(Enum):
    """How far ghostfix came on a host."""

    SEEN = "seen"
    """It was surveyed, and nothing was done."""
    DONE = "done"
    """What was asked for was done; the exit code says how well."""
    UNREACHABLE = "unreachable"
    """No connection; whether it is ill is not known."""
    FAILED = "failed"
    """Reached, and ghostfix could not work there: no Python, no ghostfix, no profile."""
    LOST = "lost"
    """The connection, or ghostfix, ended while it was being repaired: it may be half done."""
    SPARED = "spared"
    """Not begun, because too much had failed before its turn."""


SURVEYED = frozenset({HostState.SEEN, HostState.DONE})
"""The states in which a host has said how it is."""


class EntryOfUndo(Struct, frozen=True, kw_only=True):
    """What became of one step that was taken back, or would be."""

    n: int
    kind: str
    state: str
    detail: str = ""
    preview: str = ""


class FleetHost(Struct, frozen=True, kw_only=True):
    """One host, and what it said."""

    name: str
    """As the inventory has it."""
    state: HostState
    exit_code: int
    reason: str | None = None
    """Why it could not be looked at, or why what was asked for was not done."""
    verdict: Verdict | None = None
    """The worst one of its services; None where nothing is known of them."""
    changed: bool = False
    """Something was done; in a dry run, would be."""
    run: str | None = None
    """The run in the host's own journal."""
    kept: tuple[str, ...] = ()
    """Under which names ``ghostfix report`` opens its reports on this machine."""
    reports: tuple[Report, ...] = ()
    undone: tuple[EntryOfUndo, ...] = ()


class SharedFinding(Struct, frozen=True, kw_only=True):
    """One fault, and all hosts that have it."""

    code: str
    severity: str
    service: str
    subject: SubjectReport
    """What it is about, on the first of these hosts."""
    summary: str
    hosts: tuple[str, ...]


class FleetReport(Struct, frozen=True, kw_only=True):
    schema: str = SCHEMA
    version: str
    taken_at: str
    """ISO 8601, UTC."""
    verb: Verb
    dry_run: bool
    inventory: tuple[str, ...]
    limit: str | None = None
    """The hosts that were asked for; None for all of the inventory."""
    service: str | None = None
    """The service that was asked for; None for those of each host's profile."""
    options: tuple[str, ...] = ()
    """How else the hosts are reached, as it was typed: ``--become``."""
    choices: tuple[str, ...] = ()
    """What a repair is to do and to leave, as it was typed: ``--no-start``."""
    exit_code: int
    hosts: tuple[FleetHost, ...]
    findings: tuple[SharedFinding, ...]
    """Of a repair: what was found before it. The worst first, then what most hosts share."""
    notes: tuple[str, ...] = ()


_ORDER = (Verdict.DOWN, Verdict.DEGRADED, Verdict.UNKNOWN, Verdict.HEALTHY)


def worst_verdict(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The worst of several services; None of none."""
    return min(verdicts, key=_ORDER.index, default=None)


def by_verdict(fleet: FleetReport) -> tuple[tuple[Verdict, tuple[FleetHost, ...]], ...]:
    """The hosts that were surveyed, the worst verdict first; verdicts that no host has are left out."""
    groups = (
        (verdict, tuple(host for host in surveyed(fleet) if host.verdict is verdict)) for verdict in _ORDER
    )
    return tuple((verdict, hosts) for verdict, hosts in groups if hosts)


def surveyed(fleet: FleetReport) -> tuple[FleetHost, ...]:
    """The hosts that said how they are."""
    return tuple(host for host in fleet.hosts if host.state in SURVEYED)


def not_surveyed(fleet: FleetReport) -> tuple[FleetHost, ...]:
    """The hosts of which nothing, or only half, is known."""
    return tuple(host for host in fleet.hosts if host.state not in SURVEYED)
