from msgspec import structs

from ghostfix import __version__
from ghostfix.diagnosis.causes import Cause, Reference
from ghostfix.model.finding import (
    Check,
    CheckResult,
    Evidence,
    Finding,
    Group,
    Outcome,
    Severity,
    Subject,
    SubjectKind,
)
from ghostfix.model.job import Job, JobsOfKind, Link, LinkKind, Place
from ghostfix.model.last_end import EndKind, LastEnd, LastLine
from ghostfix.model.machine import Signal
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessId
from ghostfix.model.reading import Confidence, Reading, Source
from ghostfix.model.report import Report, Verdict
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Environment, Host, NetworkCounters, Resources, Snapshot
from ghostfix.model.step import Step
from ghostfix.repair.plan import Plan, Withheld
from ghostfix.report.report_builder import compose
from ghostfix.steps.stop_process import StopProcess

SECRET = "hunter2xyz"
HOSTILE = f"\x1b[31m[bold]x\n\u202e --token {SECRET}"
PORT = Subject(SubjectKind.PORT, "5555")
SERVICE = Service(
    name="web", profile="/srv/ghostfix.toml", directory="/srv", module="web.main", ports=(5555,)
)
PROCESS = Process(
    id=ProcessId(4711, 900.0),
    ppid=1,
    name="python",
    argv=("/srv/.venv/bin/python", "-m", "web.main", "--token", SECRET),
    uid=0,
    user="root",
    detail=ProcessDetail(cwd="/srv", interpreter="/srv/.venv/bin/python"),
)
WORKER = structs.replace(PROCESS, id=ProcessId(4712, 901.0), ppid=4711, name="work\x1ber", argv=())
JOB = Job(
    kind="cron",
    id="alice:7",
    where=Place("/tab", 7, HOSTILE),
    command=HOSTILE,
    trigger="every 5 minutes",
    enabled=True,
    restarts_on_exit=False,
    link=Link(LinkKind.RUNS_SCRIPT, (Place("/a.sh", 3, HOSTILE),)),
    confidence=Confidence.LIKELY,
    processes=(ProcessId(31, 1.0),),
    starts=(4711,),
)
STEP = StopProcess(
    reason="duplicate-instance", process=PROCESS, members=(WORKER,), signal=Signal.TERM, grace=10.0
)
FINDING = Finding(
    code="duplicate-instance",
    severity=Severity.ERROR,
    summary=HOSTILE,
    cause=HOSTILE,
    subject=Subject(SubjectKind.SERVICE, HOSTILE),
    short=HOSTILE,
    confidence=Confidence.LIKELY,
    doubt=HOSTILE,
    evidence=(Evidence(HOSTILE), Evidence("a line", Place("/var/log/x", 12))),
)
CHECK = Check(
    code="duplicate-instance",
    title="Several instances",
    group=Group.INSTANCES,
    severity=Severity.ERROR,
    needs=(Source.PROCESSES,),
    find=lambda snapshot, service: (),
    repair=lambda finding, snapshot, service: (STEP,),
    applies=lambda service: None,
    leads_to=(),
    page="",
)
SNAPSHOT = Snapshot(
    taken_at=1000.0,
    host=Host(hostname=HOSTILE, platform="linux", python="3.12.4"),
    own_pids=(),
    processes=Reading((PROCESS, WORKER)),
    listeners=Reading((Listener(address="0.0.0.0", port=5555, owners=(4712,)),)),
    pidfiles=Reading(()),
    environment=Reading(Environment(venv=None, pythons=())),
    resources=Reading(
        Resources(
            cpu_load=7.02,
            cpu_count=4,
            memory_percent=40.6,
            swap_percent=1.0,
            disk_percent=0.56,
            process_count=1252,
            zombie_count=3,
            user_process_count=20,
            user_process_limit=None,
            net=NetworkCounters(1, 2, 3, 4),
        )
    ),
    logs=Reading(()),
    health=Reading(None),
    webhook=Reading(None),
    restarters=(JobsOfKind("cron", Reading((JOB,))),),
)
FOUND = CheckResult(
    check="duplicate-instance", title="Several instances", outcome=Outcome.FOUND, findings=(FINDING,)
)
UNREAD = CheckResult(
    check="not-running", title="Not running", outcome=Outcome.SKIPPED, reason=HOSTILE, unread=True
)
CAUSE = Cause(
    code="duplicate-instance",
    subject=PORT,
    short=HOSTILE,
    leads_to=(Reference("port-shared", PORT),),
)


def composed(
    snapshot: Snapshot = SNAPSHOT, reveal: bool = False, steps: tuple[Step, ...] = (STEP,)
) -> Report:
    return compose(
        SERVICE,
        snapshot,
        (FOUND, UNREAD),
        (CAUSE,),
        plan=Plan(steps, (Withheld(STEP, "--evict"),)),
        exit_code=1,
        verdict=Verdict.DEGRADED,
        notes=(HOSTILE,),
        checks=(CHECK,),
        reveal=reveal,
    )


def test_says_what_was_looked_at() -> None:
    report = composed()
    assert (report.schema, report.version) == ("ghostfix.report/1", __version__)
    assert report.taken_at == "1970-01-01T00:16:40Z"
    assert (report.service.name, report.service.directory, report.service.profile) == (
        "web",
        "/srv",
        "/srv/ghostfix.toml",
    )
    assert (report.verdict, report.exit_code) == (Verdict.DEGRADED, 1)


def test_metrics_stand_beside_the_limits_of_the_profile() -> None:
    metrics = composed().metrics
    assert (metrics.process_count, metrics.process_limit) == (1252, 3000)
    assert (metrics.cpu_load, metrics.load_limit) == (7.02, 16.0)
    assert metrics.net is not None
    assert (metrics.net.bytes_sent, metrics.net.packets_recv) == (1, 4)


def test_what_could_not_be_read_is_none_and_the_limits_stay() -> None:
    blind = structs.replace(SNAPSHOT, resources=Reading(None, "denied", complete=False))
    metrics = composed(blind).metrics
    assert (metrics.process_count, metrics.load_limit, metrics.net) == (None, None, None)
    assert metrics.process_limit == 3000


def test_an_instance_has_its_tree_its_ports_and_its_manager() -> None:
    (instance,) = composed().instances
    assert (instance.pid, instance.ppid, instance.started) == (4711, 1, 900.0)
    assert (instance.listening, instance.managed_by) == ((5555,), "cron:alice:7")
    assert instance.cmdline == "/srv/.venv/bin/python -m web.main --token ***"
    assert [(member.pid, member.cmdline) for member in instance.members] == [(4712, "[work\\x1ber]")]


def test_a_restarter_says_how_it_leads_to_the_service() -> None:
    (restarter,) = composed().restarters
    assert (restarter.kind, restarter.id, restarter.confidence, restarter.pids) == (
        "cron",
        "alice:7",
        "likely",
        (31,),
    )
    assert restarter.where is not None
    assert (restarter.where.file, restarter.where.line) == ("/tab", 7)
    assert restarter.link.kind == "runs-script"
    assert [(hop.file, hop.line) for hop in restarter.link.hops] == [("/a.sh", 3)]


def test_a_finding_has_its_evidence_and_the_previews_of_its_steps() -> None:
    (finding,) = composed().results[0].findings
    assert (finding.code, finding.severity, finding.confidence) == ("duplicate-instance", "error", "likely")
    assert (finding.evidence[1].text, finding.evidence[1].file, finding.evidence[1].line) == (
        "a line",
        "/var/log/x",
        12,
    )
    (preview,) = finding.repair
    assert "4711" in preview
    assert composed().results[1].unread


def test_causes_and_plan_are_taken_over_in_their_order() -> None:
    report = composed()
    assert [(ref.code, ref.subject.kind) for ref in report.causes[0].leads_to] == [("port-shared", "port")]
    assert report.plan is not None
    assert [(step.n, step.kind, step.phase, step.reason) for step in report.plan.steps] == [
        (1, "stop-process", "stop", "duplicate-instance")
    ]
    assert report.plan.steps[0].preview == report.results[0].findings[0].repair[0]
    assert [held.option for held in report.plan.withheld] == ["--evict"]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if hasattr(value, "__struct_fields__"):
        return [text for field in value.__struct_fields__ for text in _texts(getattr(value, field))]
    return []


def test_no_text_in_it_has_a_secret_or_a_control_character() -> None:
    texts = _texts(composed())
    assert len(texts) > 30
    assert all(text.isprintable() for text in texts)
    assert not [text for text in texts if SECRET in text]


def test_secrets_are_shown_when_that_is_asked_for() -> None:
    texts = _texts(composed(reveal=True))
    assert all(text.isprintable() for text in texts)
    assert SECRET in composed(reveal=True).instances[0].cmdline
    assert [text for text in texts if SECRET in text]


def test_a_job_is_told_when_it_was_due_since_the_instance_began() -> None:
    job = structs.replace(JOB, due=(960.0, 900.0, 840.0, 780.0))
    for armed, told in ((True, [(840.0, 960.0)]), (False, [])):
        jobs = JobsOfKind("cron", Reading((structs.replace(job, enabled=armed),)))
        report = compose(
            SERVICE,
            structs.replace(SNAPSHOT, restarters=(jobs,)),
            (),
            (),
            exit_code=0,
            verdict=Verdict.HEALTHY,
        )
        seen = [(event.at, event.until) for event in report.events if event.kind == "firing"]
        assert seen == told
        assert all(
            "alice:7 was due × 3 by its schedule, every 5 minutes" in event.text for event in report.events
        )


def test_the_last_ends_are_told_without_secrets_and_with_ten_lines() -> None:
    end = LastEnd(
        kind=EndKind.NOT_STARTED,
        manager="systemd",
        job="web.service",
        reported_by="systemctl show",
        words=HOSTILE,
        status=217,
        culprit="nosuch",
        place=Place("/etc/systemd/system/web.service", 4, HOSTILE),
        lines=tuple(LastLine(f"line {number} --token {SECRET}") for number in range(12)),
        log="journalctl --unit=web.service",
    )
    (told,) = composed(structs.replace(SNAPSHOT, ends=Reading((end,)))).ends
    assert (told.kind, told.job, told.status, told.culprit) == ("not-started", "web.service", 217, "nosuch")
    assert [line.split()[1] for line in told.lines] == [str(number) for number in range(2, 12)]
    assert SECRET not in repr(told)
    assert "\x1b" not in told.words
