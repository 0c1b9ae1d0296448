"""The terminal: what a tired person reads at a glance. The verdict comes first, the next command last."""

from collections.abc import Sequence
from datetime import datetime

from rich.padding import Padding

from ghostfix.diagnosis.checks import group_of
from ghostfix.model.finding import Group
from ghostfix.model.report import (
    EvidenceReport,
    FindingReport,
    InstanceReport,
    Report,
    RestarterReport,
    ResultReport,
    Verdict,
)
from ghostfix.model.text_units import counted, lasting, stamp_text
from ghostfix.report.advice import acted, findings, next_commands, went_well
from ghostfix.report.cause_chains import chains
from ghostfix.report.console_page import Page
from ghostfix.report.headline import tally
from ghostfix.report.output_options import Amount, Layout
from ghostfix.report.quantity import quantities
from ghostfix.report.repair_lines import plan_lines, run_lines, verification_lines

_EVIDENCE_SHOWN = 4
_NARROW = 72
_NAMED = 4
"""So many checks that do not apply are named; more are counted."""
_STYLE = {
    Verdict.HEALTHY: "bold green",
    Verdict.DEGRADED: "bold yellow",
    Verdict.DOWN: "bold red",
    Verdict.UNKNOWN: "bold magenta",
}


def render(report: Report, layout: Layout) -> str:
    """The report as lines of at most ``layout.width`` columns; empty when there is nothing to say."""
    page = _Page(report, layout)
    if layout.amount is Amount.QUIET:
        return page.one_line()
    if _is_plainly_healthy(report) and layout.amount is Amount.NORMAL:
        return page.healthy()
    return page.whole()


def render_all(reports: Sequence[Report], layout: Layout) -> str:
    """Several reports below each other."""
    parts = [part for part in (render(report, layout) for report in reports) if part]
    return ("" if layout.amount is Amount.QUIET else "\n").join(parts)


def _is_plainly_healthy(report: Report) -> bool:
    """Nothing to report but that all is well."""
    planned = report.plan is not None and (report.plan.steps or report.plan.withheld)
    return not acted(report) and not planned and _all_is_well(report)


def _all_is_well(report: Report) -> bool:
    """Everything was read, and nothing was found but what is good to know."""
    return (
        report.verdict is Verdict.HEALTHY
        and not any(finding.severity != "info" for finding in findings(report))
        and not any(result.unread or result.outcome == "crashed" for result in report.results)
    )


class _Page(Page):
    """The lines of one report."""

    def __init__(self, report: Report, layout: Layout) -> None:
        super().__init__(layout)
        self.report = report
        self.verbose = layout.amount is Amount.VERBOSE
        self.reasons: dict[str, str] = {}
        """Why something could not be read, and the check whose line says so."""

    # whole pages

    def one_line(self) -> str:
        """What ``-q`` says: nothing when all is well."""
        report = self.report
        problems = [finding for finding in findings(report) if finding.severity == "error"]
        if report.exit_code == 0 and report.verdict is Verdict.HEALTHY:
            return ""
        because = ""
        failed = report.verification.problems if report.verification is not None else ()
        found = chains(report.causes)
        if acted(report):
            because = f": {failed[0]}" if failed else ": the repair is incomplete"
        elif found:
            because = f": {found[0][0].short}"
        elif problems:
            because = f": {problems[0].summary}"
        elif any(result.unread for result in report.results):
            because = f": could not look: {next(r.reason for r in report.results if r.unread)}"
        line = f"{self.marks.verdict} {report.service.name} is {report.verdict.value.upper()}{because}"
        return self.text(line).plain + "\n"

    def healthy(self) -> str:
        """One line that says so."""
        nothing = "; nothing to repair" if self.report.plan is not None else ""
        self.item(self.marks.good, "bold green", self.joined((self._state(), "bold"), (nothing, "dim")))
        self._notes()
        return self.printed()

    def whole(self) -> str:
        """The whole report: what is found, or what was done, and what to type next."""
        self._headline()
        self._notes()
        if acted(self.report):
            self._after()
        else:
            self._causes("Root cause: ")
            self._results()
        self._instances()
        self._restarters()
        self._metrics()
        if self.report.plan is not None and not acted(self.report):
            plan_lines(self, self.report.plan, seen=self.report.verdict is not Verdict.UNKNOWN)
        self._next()
        return self.printed()

    def _after(self) -> None:
        """After a repair: what was done, whether it held, and what was the matter before."""
        report = self.report
        if report.run is not None:
            run_lines(self, report.run)
        if report.verification is not None:
            verification_lines(self, report.verification)
        self._causes("Root cause before: ")
        if self.verbose or not went_well(report):
            self.heading("What was found before the repair")
            self._results()

    # parts

    def _headline(self) -> None:
        report = self.report
        style = _STYLE[report.verdict]
        self.line(
            (f"{self.marks.verdict} {report.verdict.value.upper()}", style),
            (f"  {report.service.name}", "bold"),
            (f" on {report.host.hostname} ({report.host.platform}){self._tally()}", ""),
        )
        when = stamp_text(report.taken_at)
        self.line(
            (f"profile: {report.service.profile}; folder: {report.service.directory}; {when}", "dim"),
            indent=2,
        )

    def _tally(self) -> str:
        counts = "" if acted(self.report) else tally(self.report)
        return f": {counts}" if counts else ""

    def _state(self) -> str:
        report = self.report
        running = report.instances
        pids = ", ".join(str(instance.pid) for instance in running)
        facts = [
            f"{counted(len(running), 'instance')} (pid{'' if len(running) == 1 else 's'} {pids})"
            if running
            else "no instance, as the profile wants it"
        ]
        ports = sorted({port for instance in running for port in instance.listening})
        if ports:
            facts.append(f"port{'' if len(ports) == 1 else 's'} {', '.join(map(str, ports))}")
        if any(
            result.check == "health-unreachable" and result.outcome == "clear" for result in report.results
        ):
            facts.append("health ok")
        return f"{report.service.name} is healthy: {', '.join(facts)}"

    def _notes(self) -> None:
        for note in self.report.notes:
            self.item(self.marks.info, "cyan", self.text(note), indent=2)

    def _causes(self, label: str) -> None:
        for index, chain in enumerate(chains(self.report.causes)):
            if index == 0:
                self.gap()
            alone = len(chain) == 1 and index > 0
            if alone and not self.verbose:
                continue
            line = self.joined((label if index == 0 else "and: ", "bold"))
            arrow = f" {self.marks.leads_to} "
            for position, link in enumerate(chain):
                line.append_text(self.joined((arrow if position else "", "dim"), (link.short, "")))
            self.parts.append(Padding(line, (0, 0, 0, 0 if index == 0 else 2)))

    def _results(self) -> None:
        skipped = [r for r in self.report.results if r.outcome == "skipped" and not r.unread]
        shown = [result for result in self.report.results if result not in skipped]
        for group in Group:
            members = [result for result in shown if group_of(result.check) is group]
            if members:
                self.heading(group.value)
                self._group(members)
        if skipped and self.verbose:
            self.heading("Not applicable")
            for result in skipped:
                text = self.joined((result.check, ""), (f"  {result.reason or ''}", "dim"))
                self.item(self.marks.skipped, "dim", text, indent=2)
        elif skipped:
            names = ", ".join(result.check for result in skipped)
            summary = f"not applicable: {names}"
            if len(skipped) > _NAMED:
                summary = f"{len(skipped)} checks are not applicable here; -v says why"
            self.gap()
            self.item(self.marks.skipped, "dim", self.text(summary, "dim"))

    def _group(self, members: Sequence[ResultReport]) -> None:
        """What one group's checks found; those that found nothing share a line unless all is wanted."""
        well = [] if self.verbose else [one for one in members if one.outcome == "clear"]
        for result in members:
            if result not in well:
                self._result(result)
        if well:
            names = ", ".join(result.check for result in well)
            self.item(self.marks.good, "green", self.text(names, "dim"), indent=2)

    def _result(self, result: ResultReport) -> None:
        for finding in result.findings:
            self._finding(finding)
        if result.findings:
            return
        if result.outcome == "crashed":
            self._checked(self.marks.unread, "magenta", result.check, f"this check failed: {result.reason}")
        elif result.unread:
            reason = result.reason or ""
            first = self.reasons.setdefault(reason, result.check)
            said = reason if first == result.check else f"see {first}"
            self._checked(self.marks.unread, "magenta", result.check, f"could not look: {said}")
        else:
            self._checked(self.marks.good, "green", result.check, "nothing found" if self.verbose else "")

    def _checked(self, mark: str, style: str, code: str, text: str) -> None:
        """One line for a check: mark, code and what there is to say, below the code where it is narrow."""
        if self.layout.width < _NARROW or not text:
            self.item(mark, style, self.text(code), indent=2)
            if text:
                self.line((text, ""), indent=4)
            return
        said = self.text(text, "dim" if style == "green" else "bold")
        self.columns(
            [(self.text(mark, style), self.text(code), said)], (1, self._code_width() + 1, 0), indent=2
        )

    def _code_width(self) -> int:
        return max(
            (len(r.check) for r in self.report.results if r.outcome != "skipped" or r.unread), default=0
        )

    def _finding(self, finding: FindingReport) -> None:
        mark, style = {
            "error": (self.marks.bad, "bold red"),
            "warning": (self.marks.warning, "bold yellow"),
        }.get(finding.severity, (self.marks.info, "cyan"))
        self._checked(mark, style, finding.code, finding.summary)
        self.line((finding.cause, ""), indent=6)
        if finding.doubt is not None:
            self.line((f"{finding.confidence}, not certain: {finding.doubt}", "italic"), indent=6)
        evidence = finding.evidence if self.verbose else finding.evidence[:_EVIDENCE_SHOWN]
        for one in evidence:
            self.item(self.marks.item, "dim", self.text(_evidence(one), "dim"), indent=6)
        hidden = len(finding.evidence) - len(evidence)
        if hidden:
            self.line((f"and {hidden} more with -v", "dim"), indent=8)
        if self.verbose:
            for preview in finding.repair:
                self.item("repair:", "dim", self.text(preview), indent=6)

    def _instances(self) -> None:
        if self.report.instances:
            self.heading("Running")
            for instance in self.report.instances:
                self._instance(instance)

    def _instance(self, instance: InstanceReport) -> None:
        seconds = datetime.fromisoformat(self.report.taken_at).timestamp() - instance.started
        facts = [f"for {lasting(seconds)}"]
        if instance.listening:
            facts.append(f"port {', '.join(map(str, instance.listening))}")
        facts.append(f"by {instance.managed_by}" if instance.managed_by else f"parent {instance.ppid}")
        if instance.members:
            facts.append(counted(len(instance.members), "child process"))
        line = self.joined((f"pid {instance.pid}", "bold"), (f"  {', '.join(facts)}", ""))
        self.item(self.marks.item, "", line, indent=2)
        self.line((instance.cmdline, "dim"), indent=4)
        if self.verbose:
            self.line(
                (f"in {instance.cwd or '?'}, interpreter {instance.interpreter or '?'}", "dim"), indent=4
            )
            for member in instance.members:
                self.line((f"pid {member.pid}  {member.cmdline}", "dim"), indent=6)

    def _restarters(self) -> None:
        if self.report.restarters:
            self.heading("What starts it")
            for restarter in self.report.restarters:
                self._restarter(restarter)

    def _restarter(self, restarter: RestarterReport) -> None:
        held = "" if restarter.enabled else "  (held or disabled)"
        line = self.joined((f"{restarter.kind} {restarter.id}", "bold"), (f"  {restarter.trigger}{held}", ""))
        self.item(self.marks.item, "", line, indent=2)
        self.line((restarter.command, "dim"), indent=4)
        for hop in (restarter.where, *restarter.link.hops) if self.verbose else restarter.link.hops:
            if hop is not None:
                place = hop.file if hop.line is None else f"{hop.file}:{hop.line}"
                self.item(
                    self.marks.leads_to, "dim", self.text(f"{place}  {hop.text}".rstrip(), "dim"), indent=4
                )

    def _metrics(self) -> None:
        self.heading("Machine")
        rows = []
        for row in quantities(self.report.metrics):
            limit = "" if row.exceeded or not row.limit else f"limit {row.limit}"
            style = "bold red" if row.exceeded else ""
            rows.append((self.text(row.name), self.text(row.value, style), self.text(limit, "dim")))
        self.columns(rows, (1, 0, 0), indent=2, gap=2)

    def _next(self) -> None:
        advice = next_commands(self.report)
        if not advice:
            return
        self.heading("Next")
        longest = max(len(one.command) for one in advice)
        for one in advice:
            if longest + 2 + len(one.effect) + 2 <= self.layout.width:
                self.line((one.command.ljust(longest), "bold cyan"), (f"  {one.effect}", "dim"), indent=2)
            else:
                self.line((one.command, "bold cyan"), indent=2)
                self.line((one.effect, "dim"), indent=4)


def _evidence(evidence: EvidenceReport) -> str:
    if evidence.file is None:
        return evidence.text
    place = evidence.file if evidence.line is None else f"{evidence.file}:{evidence.line}"
    return f"{place}  {evidence.text}"
