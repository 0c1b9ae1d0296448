"""Report: the one value that every renderer receives. Its field names are the JSON's (``ghostfix.report/1``).

Text in it is already safe to show: secrets are hidden and control characters are written out.
"""

from enum import Enum

from msgspec import Struct

from ghostfix.model.instant import Instant

SCHEMA = "ghostfix.report/1"


class Verdict(Enum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class HostReport(Struct, frozen=True):
    hostname: str
    platform: str
    python: str


class ServiceReport(Struct, frozen=True):
    name: str
    directory: str
    profile: str


class NetReport(Struct, frozen=True):
    bytes_sent: int
    bytes_recv: int
    packets_sent: int
    packets_recv: int


class Metrics(Struct, frozen=True, kw_only=True):
    """The machine at hand beside its limits; None where it could not be read."""

    cpu_load: float | None
    cpu_count: int | None
    load_limit: float | None
    memory_percent: float | None
    memory_limit: float
    swap_percent: float | None
    disk_percent: float | None
    disk_limit: float
    process_count: int | None
    process_limit: int
    zombie_count: int | None
    zombie_limit: int
    user_process_count: int | None
    user_process_limit: int | None
    service_process_count: int | None = None
    """Of the service itself: its instances with all that is below them, orphans and zombies included."""
    user: str | None = None
    """As whom the service runs, and whose processes are counted; the caller, when it does not run."""
    user_task_count: int | None = None
    """Processes and their threads, which Linux counts against ``user_process_limit``."""
    group_task_count: int | None = None
    group_task_limit: int | None = None
    """Of the service's control group (``pids.max``); None when none is set."""
    task_count: int | None = None
    task_limit: int | None = None
    """Of the whole machine (``pid_max``, ``threads-max``); None when unknown."""
    net: NetReport | None


class MemberReport(Struct, frozen=True, kw_only=True):
    pid: int
    cmdline: str


class InstanceReport(Struct, frozen=True, kw_only=True):
    pid: int
    started: Instant
    ppid: int
    cmdline: str
    cwd: str | None
    interpreter: str | None
    listening: tuple[int, ...]
    managed_by: str | None
    members: tuple[MemberReport, ...]


class PlaceReport(Struct, frozen=True):
    file: str
    line: int | None
    text: str


class LinkReport(Struct, frozen=True):
    kind: str
    hops: tuple[PlaceReport, ...]


class RestarterReport(Struct, frozen=True, kw_only=True):
    kind: str
    id: str
    where: PlaceReport | None
    command: str
    trigger: str
    enabled: bool
    restarts_on_exit: bool
    link: LinkReport
    confidence: str
    pids: tuple[int, ...]


class EndReport(Struct, frozen=True, kw_only=True):
    """How one job of the service came to its last end, by its manager's word."""

    kind: str
    """``exited``, ``signalled``, ``out-of-memory``, ``timed-out``, ``not-started``, ``not-loadable``,
    ``refused`` or ``stopped``."""
    manager: str
    job: str
    scope: str
    words: str
    reported_by: str
    at: Instant | None = None
    """Seconds since the epoch."""
    status: int | None = None
    signal: str | None = None
    culprit: str | None = None
    place: PlaceReport | None = None
    starts: int | None = None
    """How often its manager has started it again."""
    given_up: bool = False
    restarting: bool = False
    lines: tuple[str, ...] = ()
    """The last lines that it wrote, at most ten, the newest last."""
    log: str | None = None


class EvidenceReport(Struct, frozen=True):
    text: str
    file: str | None = None
    line: int | None = None


class SubjectReport(Struct, frozen=True):
    kind: str
    name: str


class FindingReport(Struct, frozen=True, kw_only=True):
    code: str
    severity: str
    confidence: str
    summary: str
    cause: str
    doubt: str | None
    subject: SubjectReport
    evidence: tuple[EvidenceReport, ...]
    repair: tuple[str, ...]
    """Previews of the steps that would repair it; empty when only a person can."""


class ResultReport(Struct, frozen=True, kw_only=True):
    check: str
    title: str
    outcome: str
    reason: str | None
    unread: bool
    findings: tuple[FindingReport, ...]


class CauseRef(Struct, frozen=True):
    code: str
    subject: SubjectReport


class CauseReport(Struct, frozen=True, kw_only=True):
    code: str
    subject: SubjectReport
    short: str
    leads_to: tuple[CauseRef, ...]


class StepReport(Struct, frozen=True, kw_only=True):
    n: int
    kind: str
    phase: str
    reason: str
    preview: str
    reversible: bool
    diff: tuple[str, ...] = ()
    """The lines of a unified diff of the text that it writes, where it writes one."""


class WithheldReport(Struct, frozen=True, kw_only=True):
    kind: str
    preview: str
    option: str


class PlanReport(Struct, frozen=True, kw_only=True):
    steps: tuple[StepReport, ...]
    withheld: tuple[WithheldReport, ...] = ()
    asked: tuple[str, ...] = ("repair",)
    """The command that asks for it, and its options."""


class EntryReport(Struct, frozen=True, kw_only=True):
    """What became of one step: done, unneeded, refused, failed, interrupted, not-reached, undone."""

    n: int
    kind: str
    state: str
    detail: str
    at: Instant | None = None
    """When it came into this state, in seconds since the epoch."""


class RunReport(Struct, frozen=True, kw_only=True):
    id: str
    dry_run: bool
    entries: tuple[EntryReport, ...]


class VerificationReport(Struct, frozen=True, kw_only=True):
    """What was seen after the repair, for as long as the watch lasted."""

    verdict: str
    held_for_s: float
    restarts_seen: int
    instances: int
    health: str
    problems: tuple[str, ...] = ()


class EventReport(Struct, frozen=True, kw_only=True):
    """Something that happened at a known time, besides the starts of instances and the steps of a run."""

    at: Instant
    """Seconds since the epoch."""
    until: Instant | None = None
    """When it happened for the last time; None when it happened once."""
    kind: str
    """``traceback``, ``respawn``, ``ended``, or ``firing``: a job was due, by its schedule."""
    text: str
    times: tuple[Instant, ...] = ()
    """Each time that it happened, the oldest first, where all of them are known: a job's times are."""


class Report(Struct, frozen=True, kw_only=True):
    schema: str
    version: str
    taken_at: str
    """ISO 8601, UTC."""
    host: HostReport
    service: ServiceReport
    verdict: Verdict
    exit_code: int
    metrics: Metrics
    instances: tuple[InstanceReport, ...]
    restarters: tuple[RestarterReport, ...]
    results: tuple[ResultReport, ...]
    causes: tuple[CauseReport, ...]
    plan: PlanReport | None = None
    run: RunReport | None = None
    verification: VerificationReport | None = None
    fail_on: str = "error"
    """The severity from which on a finding counts for the exit code: ``info``, ``warning`` or ``error``."""
    offers: tuple[str, ...] = ()
    """Managers to which a service without one could be given: values of ``ghostfix adopt --with``."""
    ends: tuple[EndReport, ...] = ()
    """How the service's jobs came to their last end, where their managers keep it."""
    events: tuple[EventReport, ...] = ()
    """What is known to have happened, and when; the oldest first."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader must not miss: which profile was used, what could not be looked at."""


def fails(finding: FindingReport, report: Report) -> bool:
    """Whether a finding is as severe as what this report was asked to fail on."""
    severities = ("info", "warning", "error")
    return severities.index(finding.severity) >= severities.index(report.fail_on)
