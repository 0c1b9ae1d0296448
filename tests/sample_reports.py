"""Hand-built Reports that stand for whole situations: the incident, a healthy machine, an unreadable one."""

from msgspec import structs

from ghostfix.model.report import (
    SCHEMA,
    CauseRef,
    CauseReport,
    EntryReport,
    EventReport,
    EvidenceReport,
    FindingReport,
    HostReport,
    InstanceReport,
    LinkReport,
    MemberReport,
    Metrics,
    NetReport,
    PlaceReport,
    PlanReport,
    Report,
    RestarterReport,
    ResultReport,
    RunReport,
    ServiceReport,
    StepReport,
    SubjectReport,
    Verdict,
    VerificationReport,
    WithheldReport,
)

_COMMAND = "/usr/bin/python3 -m gpt_cursor_runner.main"
_WATCHDOG = "/opt/ghost/scripts/watchdog.sh"
_TAKEN_AT = 1_795_000_000.0


def _metrics(processes: int, load: float, zombies: int) -> Metrics:
    return Metrics(
        cpu_load=load,
        cpu_count=8,
        load_limit=16.0,
        memory_percent=40.6,
        memory_limit=90.0,
        swap_percent=3.1,
        disk_percent=0.56,
        disk_limit=90.0,
        process_count=processes,
        process_limit=300,
        zombie_count=zombies,
        zombie_limit=10,
        user_process_count=processes // 2,
        user_process_limit=2666,
        service_process_count=processes // 100,
        net=NetReport(5_200_000_000, 7_600_000_000, 45_000_000, 80_000_000),
    )


def clear(check: str) -> ResultReport:
    return ResultReport(check=check, title=check, outcome="clear", reason=None, unread=False, findings=())


def skipped(check: str, reason: str, unread: bool = False) -> ResultReport:
    return ResultReport(
        check=check, title=check, outcome="skipped", reason=reason, unread=unread, findings=()
    )


def found(
    code: str,
    summary: str,
    cause: str,
    subject: SubjectReport,
    evidence: tuple[EvidenceReport, ...] = (),
    *,
    severity: str = "error",
    repair: tuple[str, ...] = (),
    doubt: str | None = None,
) -> ResultReport:
    finding = FindingReport(
        code=code,
        severity=severity,
        confidence="certain" if doubt is None else "likely",
        summary=summary,
        cause=cause,
        doubt=doubt,
        subject=subject,
        evidence=evidence,
        repair=repair,
    )
    return ResultReport(
        check=code, title=code, outcome="found", reason=None, unread=False, findings=(finding,)
    )


_SERVICE = SubjectReport("service", "ghost-runner")
_PORT = SubjectReport("port", "5555")
_JOB = SubjectReport("job", "cron alice:7")
_LOG = SubjectReport("file", "/opt/ghost/logs/runner.log")
_PIDFILE = SubjectReport("file", "/opt/ghost/pids/runner.pid")
_MACHINE = SubjectReport("machine", "mac-mini")


def _instance(pid: int, age: float, ports: tuple[int, ...], managed_by: str | None) -> InstanceReport:
    return InstanceReport(
        pid=pid,
        started=_TAKEN_AT - age,
        ppid=1,
        cmdline=_COMMAND,
        cwd="/opt/ghost",
        interpreter="/usr/bin/python3",
        listening=ports,
        managed_by=managed_by,
        members=(MemberReport(pid=pid + 1, cmdline=_COMMAND),) if ports else (),
    )


def _incident_results() -> tuple[ResultReport, ...]:
    return (
        found(
            "duplicate-instance",
            "3 instances of ghost-runner run, 1 is expected",
            "Each was started by something that did not look whether one runs already.",
            _SERVICE,
            (
                EvidenceReport("pid 4711, started 2 h before this look, listens on 5555"),
                EvidenceReport("pid 4801, started 10 min before this look"),
                EvidenceReport("pid 4899, started 5 min before this look"),
            ),
            repair=("stop pid 4801 with TERM", "stop pid 4899 with TERM"),
        ),
        clear("not-running"),
        clear("orphan-instance"),
        found(
            "rogue-restarter",
            "cron alice:7 starts ghost-runner every 5 minutes, and the profile knows nothing of it",
            "It starts an instance whether or not one runs, so a plain kill does not last.",
            _JOB,
            (
                EvidenceReport("*/5 * * * * /opt/ghost/start.sh", "/var/spool/cron/crontabs/alice", 7),
                EvidenceReport("exec ./scripts/watchdog.sh", "/opt/ghost/start.sh", 12),
                EvidenceReport("python -m gpt_cursor_runner.main &", _WATCHDOG, 214),
            ),
            repair=("comment out line 7 of alice's crontab",),
        ),
        clear("competing-managers"),
        skipped("crash-loop", "launchd: no launchctl on this machine"),
        found(
            "stale-pidfile",
            "/opt/ghost/pids/runner.pid names pid 3990, and nobody has it",
            "The process that wrote it ended without removing it.",
            _PIDFILE,
            repair=("move /opt/ghost/pids/runner.pid aside",),
        ),
        clear("recycled-pidfile"),
        found(
            "port-conflict",
            "port 5555 on 127.0.0.1 is held by a stranger: nc (pid 777)",
            "ghost-runner cannot listen there while it lasts.",
            _PORT,
            (EvidenceReport("nc -lk 127.0.0.1 5555, child of sshd > bash (pid 700)"),),
            doubt="it may be a part of ghost-runner that its command line does not name.",
        ),
        found(
            "log-none-comparison",
            "TypeError: '>' not supported between instances of 'NoneType' and 'int', 88 times",
            "A value that was never set is compared with a number in the server fixes loop.",
            _LOG,
            (
                EvidenceReport(
                    'File "/opt/ghost/fixes.py", line 41, in apply', "/opt/ghost/logs/runner.log", 90211
                ),
            ),
        ),
        found(
            "wrong-interpreter",
            "pid 4711 runs /usr/bin/python3, not /opt/ghost/.venv/bin/python",
            "It does not see the packages that are installed for it.",
            SubjectReport("process", "4711"),
        ),
        found(
            "health-degraded",
            'health says ghost_runner is "down", expected "up"',
            "The web part answers, the runner behind it does not.",
            SubjectReport("url", "http://localhost:5555/health"),
            (EvidenceReport('{"status": "degraded", "components": {"ghost_runner": "down"}}'),),
        ),
        skipped("webhook-failing", "the webhook was not sent anything: --probe-webhook sends its payload"),
        found(
            "process-count",
            "1252 processes, 417 % of the limit of 300",
            "New processes may fail to start.",
            _MACHINE,
            severity="warning",
        ),
        clear("disk-full"),
    )


def _incident_causes() -> tuple[CauseReport, ...]:
    links = (
        ("rogue-restarter", _JOB, "cron line 7 → watchdog.sh:214"),
        ("duplicate-instance", _SERVICE, "3 instances"),
        ("port-shared", _PORT, "2 cannot bind 5555"),
        ("log-none-comparison", _LOG, "traceback × 88"),
        ("process-count", _MACHINE, "1252 processes"),
    )
    leads = {0: (1,), 1: (2, 4), 2: (3,)}
    return tuple(
        CauseReport(
            code=code,
            subject=subject,
            short=short,
            leads_to=tuple(CauseRef(links[n][0], links[n][1]) for n in leads.get(index, ())),
        )
        for index, (code, subject, short) in enumerate(links)
    )


def incident() -> Report:
    """Several instances, a cron line behind a watchdog, a stranger on the port, tracebacks: down."""
    return Report(
        schema=SCHEMA,
        version="0.1.0",
        taken_at="2026-11-18T11:06:40Z",
        host=HostReport("mac-mini", "macos", "3.12.4"),
        service=ServiceReport("ghost-runner", "/opt/ghost", "/opt/ghost/ghostfix.toml"),
        verdict=Verdict.DOWN,
        exit_code=1,
        metrics=_metrics(1252, 7.02, 87),
        instances=(
            _instance(4711, 7200, (5555,), "cron:alice:7"),
            _instance(4801, 600, (), None),
            _instance(4899, 300, (), None),
        ),
        restarters=(
            RestarterReport(
                kind="cron",
                id="alice:7",
                where=PlaceReport("/var/spool/cron/crontabs/alice", 7, "*/5 * * * * /opt/ghost/start.sh"),
                command="/opt/ghost/start.sh",
                trigger="every 5 minutes",
                enabled=True,
                restarts_on_exit=False,
                link=LinkReport(
                    "runs-script",
                    (
                        PlaceReport("/opt/ghost/start.sh", 12, "exec ./scripts/watchdog.sh"),
                        PlaceReport(_WATCHDOG, 214, "python -m gpt_cursor_runner.main &"),
                    ),
                ),
                confidence="certain",
                pids=(),
            ),
        ),
        results=_incident_results(),
        causes=_incident_causes(),
        offers=("launchd",),
        events=(
            EventReport(
                at=_TAKEN_AT - 5400,
                until=_TAKEN_AT - 20,
                kind="traceback",
                text="TypeError: '>' not supported between instances of 'NoneType' and 'int' × 88",
            ),
            EventReport(
                at=_TAKEN_AT - 3600,
                until=_TAKEN_AT - 300,
                kind="firing",
                text="cron alice:7 was due × 12 by its schedule, every 5 minutes",
                times=tuple(_TAKEN_AT - 300.0 * n for n in range(12, 0, -1)),
            ),
            EventReport(at=_TAKEN_AT - 300, kind="respawn", text="pid 4899 was started by cron alice:7"),
        ),
        notes=("--observe: pid 4899 was started again by cron alice:7 after 61 s",),
    )


def incident_plan() -> PlanReport:
    previews = (
        ("hold-cron-line", "hold", "rogue-restarter", "comment out line 7 of alice's crontab", True),
        (
            "stop-process",
            "stop",
            "duplicate-instance",
            f"stop pid 4711 ({_COMMAND}) with TERM, KILL after 10 s",
            False,
        ),
        ("remove-pidfile", "clean", "stale-pidfile", "move /opt/ghost/pids/runner.pid aside", True),
        ("create-venv", "fix", "broken-venv", "create the venv /opt/ghost/.venv with /usr/bin/python3", True),
        (
            "start-service",
            "start",
            "not-running",
            "start /opt/ghost/.venv/bin/python -m gpt_cursor_runner.main",
            True,
        ),
    )
    return PlanReport(
        steps=tuple(
            StepReport(n=n, kind=kind, phase=phase, reason=reason, preview=preview, reversible=reversible)
            for n, (kind, phase, reason, preview, reversible) in enumerate(previews, 1)
        ),
        withheld=(
            WithheldReport(
                kind="evict-process", preview="stop the stranger nc (pid 777) on port 5555", option="--evict"
            ),
        ),
    )


def planned() -> Report:
    """The incident with the plan of a dry run."""
    return structs.replace(incident(), plan=incident_plan(), run=RunReport(id="", dry_run=True, entries=()))


def half_repaired() -> Report:
    """The incident after a repair of which one step failed."""
    states = (
        ("hold-cron-line", "done", "line 7 of alice's crontab is a comment now"),
        ("stop-process", "failed", "pid 4711 is still there 10 s after KILL"),
        ("remove-pidfile", "done", "moved to /opt/ghost/pids/runner.pid.ghostfix-1"),
        ("create-venv", "unneeded", "the venv works by now"),
        ("start-service", "not-reached", "step 2 (stop-process) failed"),
    )
    return structs.replace(
        incident(),
        exit_code=4,
        plan=incident_plan(),
        run=RunReport(
            id="20261118-110640-ab12",
            dry_run=False,
            entries=tuple(
                EntryReport(n=n, kind=kind, state=state, detail=detail, at=_TAKEN_AT - 40 + 5 * n)
                for n, (kind, state, detail) in enumerate(states, 1)
            ),
        ),
    )


def healthy() -> Report:
    """One instance, everything as the profile wants it."""
    return structs.replace(
        incident(),
        verdict=Verdict.HEALTHY,
        exit_code=0,
        metrics=_metrics(212, 0.4, 0),
        instances=(structs.replace(_instance(4711, 7200, (5555,), "cron:alice:7"), members=()),),
        results=(
            *(clear(result.check) for result in _incident_results() if result.outcome != "skipped"),
            clear("health-unreachable"),
            *(result for result in _incident_results() if result.outcome == "skipped"),
        ),
        causes=(),
        restarters=(),
        events=(),
        notes=(),
    )


def repaired() -> Report:
    """The incident after a repair that held: the findings are those from before."""
    well = healthy()
    return structs.replace(
        incident(),
        verdict=Verdict.HEALTHY,
        exit_code=0,
        metrics=well.metrics,
        instances=well.instances,
        restarters=(),
        notes=(),
        plan=incident_plan(),
        run=RunReport(
            id="20261118-110640-ab12",
            dry_run=False,
            entries=tuple(
                EntryReport(
                    n=step.n,
                    kind=step.kind,
                    state="done",
                    detail=f"did: {step.preview}",
                    at=_TAKEN_AT - 60 + 5 * step.n,
                )
                for step in incident_plan().steps
            ),
        ),
        verification=VerificationReport(
            verdict="healthy", held_for_s=30.0, restarts_seen=0, instances=1, health="ok, HTTP 200"
        ),
    )


def unreadable() -> Report:
    """Nothing could be looked at: no permission anywhere."""
    denied = "processes: permission denied"
    empty = Metrics(
        **{
            **structs.asdict(_metrics(0, 0.0, 0)),
            **dict.fromkeys(
                (
                    "cpu_load", "cpu_count", "load_limit", "memory_percent", "swap_percent", "disk_percent",
                    "process_count", "zombie_count", "user_process_count", "user_process_limit",
                    "service_process_count", "net",
                )
            ),
        }
    )  # fmt: skip
    return structs.replace(
        incident(),
        verdict=Verdict.UNKNOWN,
        exit_code=3,
        metrics=empty,
        instances=(),
        restarters=(),
        causes=(),
        results=(
            skipped("duplicate-instance", denied, unread=True),
            skipped("rogue-restarter", "cron: alice's crontab: not permitted", unread=True),
            structs.replace(clear("stale-pidfile"), outcome="crashed", reason="ValueError: bad"),
            skipped("webhook-failing", "the profile names no webhook"),
        ),
        events=(),
        notes=(),
    )
