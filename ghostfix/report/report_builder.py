"""Report builder: everything that was seen and done, as text that is safe to show."""

from collections.abc import Iterable, Sequence

from msgspec import structs

from ghostfix import __version__
from ghostfix.diagnosis.available_managers import available_managers
from ghostfix.diagnosis.causes import Cause
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.last_ends import own_ends
from ghostfix.diagnosis.log_finding import named
from ghostfix.diagnosis.process_count_of import process_count_of
from ghostfix.diagnosis.task_limits import of_the_group, of_the_machine, of_the_user
from ghostfix.model.finding import Check, CheckResult, Finding, Subject
from ghostfix.model.job import Job, Place
from ghostfix.model.last_end import LastEnd
from ghostfix.model.process import Process
from ghostfix.model.report import (
    SCHEMA,
    CauseRef,
    CauseReport,
    EndReport,
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
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.model.service import Service
from ghostfix.model.snapshot import NetworkCounters, Snapshot
from ghostfix.model.text_units import utc_stamp
from ghostfix.repair.plan import Plan
from ghostfix.service.instance import Instance, instances

_HOUR, _MINUTE = 3600.0, 60.0
_PATH = 4_096
_PREVIEW = 1_000
_USER = 64
_LINES = 10


def compose(
    service: Service,
    snapshot: Snapshot,
    results: Sequence[CheckResult],
    causes: Sequence[Cause],
    *,
    plan: Plan | None = None,
    run: RunReport | None = None,
    verification: VerificationReport | None = None,
    exit_code: int,
    verdict: Verdict,
    notes: Sequence[str] = (),
    checks: Iterable[Check] = CHECKS,
    reveal: bool = False,
) -> Report:
    """The report of one diagnosis or repair. ``reveal`` shows secrets; control characters never are."""
    return _Composer(service, snapshot, {check.code: check for check in checks}, reveal).report(
        results, causes, plan, run, verification, exit_code, verdict, notes
    )


class _Composer:
    """What every part of one report is made with."""

    def __init__(self, service: Service, snapshot: Snapshot, checks: dict[str, Check], reveal: bool) -> None:
        self.service = service
        self.snapshot = snapshot
        self.checks = checks
        self.reveal = reveal

    def text(self, text: str, limit: int = 500) -> str:
        return safe(text, limit, reveal=self.reveal)

    def optional(self, text: str | None, limit: int = _PATH) -> str | None:
        return None if text is None else self.text(text, limit)

    def report(
        self,
        results: Sequence[CheckResult],
        causes: Sequence[Cause],
        plan: Plan | None,
        run: RunReport | None,
        verification: VerificationReport | None,
        exit_code: int,
        verdict: Verdict,
        notes: Sequence[str],
    ) -> Report:
        snapshot = self.snapshot
        return Report(
            schema=SCHEMA,
            version=__version__,
            taken_at=utc_stamp(snapshot.taken_at),
            host=HostReport(
                self.text(snapshot.host.hostname),
                self.text(snapshot.host.platform),
                self.text(snapshot.host.python),
            ),
            service=ServiceReport(
                self.text(self.service.name),
                self.text(self.service.directory, _PATH),
                self.text(self.service.profile, _PATH),
            ),
            verdict=verdict,
            exit_code=int(exit_code),
            metrics=metrics(snapshot, self.service),
            instances=tuple(self.instance(one) for one in instances(snapshot, self.service)),
            restarters=tuple(self.restarter(job) for job in snapshot.jobs),
            results=tuple(self.result(result) for result in results),
            causes=tuple(self.cause(cause) for cause in causes),
            plan=None if plan is None else self.plan(plan),
            run=None if run is None else self.run(run),
            verification=None if verification is None else self.verification(verification),
            offers=available_managers(snapshot, self.service),
            ends=tuple(self.end(end) for end in own_ends(snapshot, self.service)),
            events=tuple(sorted((*self.tracebacks(), *self.firings()), key=lambda event: event.at)),
            notes=tuple(self.text(note, 1_000) for note in notes),
        )

    def tracebacks(self) -> Iterable[EventReport]:
        """Every kind of error in the logs of which the log has the time."""
        for log in self.snapshot.logs.value:
            for error in log.errors:
                if error.first_at is not None:
                    times = f" × {error.count}" if error.count > 1 else ""
                    until = error.last_at if error.count > 1 else None
                    text = self.text(f"{named(error)}{times}", 200)
                    yield EventReport(at=error.first_at, until=until, kind="traceback", text=text)

    def firings(self) -> Iterable[EventReport]:
        """When the jobs that a clock starts were due, since the oldest instance began or for an hour."""
        started = [one.root.id.started for one in instances(self.snapshot, self.service)]
        since = min(started, default=self.snapshot.taken_at - _HOUR) - _MINUTE
        for job in self.snapshot.jobs:
            due = [moment for moment in job.due if moment >= since] if job.enabled else []
            if due:
                times = f" × {len(due)}" if len(due) > 1 else ""
                until = due[0] if len(due) > 1 else None
                text = self.text(f"{job.kind} {job.id} was due{times} by its schedule, {job.trigger}", 200)
                every = tuple(reversed(due))
                yield EventReport(at=every[0], until=until, kind="firing", text=text, times=every)

    def instance(self, instance: Instance) -> InstanceReport:
        root = instance.root
        return InstanceReport(
            pid=root.pid,
            started=root.id.started,
            ppid=root.ppid,
            cmdline=self.command_line(root),
            cwd=self.optional(root.detail.cwd if root.detail else None),
            interpreter=self.optional(root.detail.interpreter if root.detail else None),
            listening=instance.ports,
            managed_by=self.optional(instance.managed_by),
            members=tuple(
                MemberReport(pid=member.pid, cmdline=self.command_line(member)) for member in instance.members
            ),
        )

    def command_line(self, process: Process) -> str:
        """The process's command line; its name in brackets, as ``ps`` writes it, when it has none."""
        return shown_argv(process.argv, reveal=self.reveal) or f"[{self.text(process.name)}]"

    def restarter(self, job: Job) -> RestarterReport:
        return RestarterReport(
            kind=self.text(job.kind),
            id=self.text(job.id),
            where=None if job.where is None else self.place(job.where),
            command=self.text(job.command),
            trigger=self.text(job.trigger),
            enabled=job.enabled,
            restarts_on_exit=job.restarts_on_exit,
            link=LinkReport(job.link.kind.value, tuple(self.place(hop) for hop in job.link.hops)),
            confidence=job.confidence.value,
            pids=tuple(process.pid for process in job.processes),
        )

    def end(self, end: LastEnd) -> EndReport:
        return EndReport(
            kind=end.kind.value,
            manager=self.text(end.manager),
            job=self.text(end.job),
            scope=self.text(end.scope),
            words=self.text(end.words),
            reported_by=self.text(end.reported_by),
            at=end.at,
            status=end.status,
            signal=self.optional(end.signal),
            culprit=self.optional(end.culprit),
            place=None if end.place is None else self.place(end.place),
            starts=end.starts,
            given_up=end.given_up,
            restarting=end.restarting,
            lines=tuple(self.text(line.text) for line in end.lines[-_LINES:]),
            log=self.optional(end.log),
        )

    def place(self, place: Place) -> PlaceReport:
        return PlaceReport(self.text(place.file, _PATH), place.line, self.text(place.text))

    def result(self, result: CheckResult) -> ResultReport:
        return ResultReport(
            check=result.check,
            title=self.text(result.title),
            outcome=result.outcome.value,
            reason=self.optional(result.reason, 500),
            unread=result.unread,
            findings=tuple(self.finding(finding) for finding in result.findings),
        )

    def finding(self, finding: Finding) -> FindingReport:
        check = self.checks.get(finding.code)
        steps = () if check is None else check.repair(finding, self.snapshot, self.service)
        return FindingReport(
            code=finding.code,
            severity=finding.severity.value,
            confidence=finding.confidence.value,
            summary=self.text(finding.summary),
            cause=self.text(finding.cause),
            doubt=self.optional(finding.doubt, 500),
            subject=self.subject(finding.subject),
            evidence=tuple(
                EvidenceReport(
                    self.text(evidence.text),
                    None if evidence.place is None else self.text(evidence.place.file, _PATH),
                    None if evidence.place is None else evidence.place.line,
                )
                for evidence in finding.evidence
            ),
            repair=tuple(self.text(step.preview(), _PREVIEW) for step in steps),
        )

    def subject(self, subject: Subject) -> SubjectReport:
        return SubjectReport(subject.kind.value, self.text(subject.name))

    def cause(self, cause: Cause) -> CauseReport:
        return CauseReport(
            code=cause.code,
            subject=self.subject(cause.subject),
            short=self.text(cause.short),
            leads_to=tuple(CauseRef(ref.code, self.subject(ref.subject)) for ref in cause.leads_to),
        )

    def run(self, run: RunReport) -> RunReport:
        entries = (structs.replace(entry, detail=self.text(entry.detail)) for entry in run.entries)
        return structs.replace(run, entries=tuple(entries))

    def verification(self, seen: VerificationReport) -> VerificationReport:
        problems = tuple(self.text(problem) for problem in seen.problems)
        return structs.replace(seen, health=self.text(seen.health), problems=problems)

    def plan(self, plan: Plan) -> PlanReport:
        return PlanReport(
            steps=tuple(
                StepReport(
                    n=n,
                    kind=step.kind,
                    phase=step.phase.name.lower(),
                    reason=step.reason,
                    preview=self.text(step.preview(), _PREVIEW),
                    reversible=step.reversible,
                    diff=tuple(self.text(line, _PREVIEW) for line in step.diff()),
                )
                for n, step in enumerate(plan.steps, 1)
            ),
            withheld=tuple(
                WithheldReport(
                    kind=held.step.kind, preview=self.text(held.step.preview(), _PREVIEW), option=held.option
                )
                for held in plan.withheld
            ),
            asked=plan.asked,
        )


def metrics(snapshot: Snapshot, service: Service) -> Metrics:
    """The machine's numbers beside the service's limits; None for what could not be read."""
    resources, limits = snapshot.resources.value, service.limits
    user, group = of_the_user(snapshot, service), of_the_group(snapshot, service)
    return Metrics(
        cpu_load=None if resources is None else resources.cpu_load,
        cpu_count=None if resources is None else resources.cpu_count,
        load_limit=None if resources is None else limits.load_per_cpu * resources.cpu_count,
        memory_percent=None if resources is None else resources.memory_percent,
        memory_limit=limits.memory_percent,
        swap_percent=None if resources is None else resources.swap_percent,
        disk_percent=None if resources is None else resources.disk_percent,
        disk_limit=limits.disk_percent,
        process_count=None if resources is None else resources.process_count,
        process_limit=limits.processes,
        zombie_count=None if resources is None else resources.zombie_count,
        zombie_limit=limits.zombies,
        user=None if user is None else safe(user.user, _USER),
        user_process_count=None if user is None else user.processes,
        user_process_limit=None if user is None else user.limit,
        user_task_count=None if user is None else user.tasks,
        group_task_count=None if group is None else group.count,
        group_task_limit=None if group is None else group.limit,
        task_count=of_the_machine(snapshot) if snapshot.processes.complete else None,
        task_limit=None if resources is None else resources.task_limit,
        service_process_count=process_count_of(snapshot, service) if snapshot.processes.complete else None,
        net=None if resources is None else _net(resources.net),
    )


def _net(net: NetworkCounters | None) -> NetReport | None:
    if net is None:
        return None
    return NetReport(net.bytes_sent, net.bytes_recv, net.packets_sent, net.packets_recv)
