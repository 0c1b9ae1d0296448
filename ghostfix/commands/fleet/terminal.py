"""The terminal: one table of the fleet. What is ill comes first, what is not known apart from it."""

from rich.text import Text

from ghostfix.commands.fleet.wording import headline, host_words, next_steps, said_of, state_words
from ghostfix.model.fleet import (
    FleetHost,
    FleetReport,
    SharedFinding,
    Verb,
    by_verdict,
    not_surveyed,
    surveyed,
)
from ghostfix.model.report import Verdict
from ghostfix.model.text_units import counted
from ghostfix.report.console_page import Page
from ghostfix.report.output_options import Amount, Layout

_STYLES = {
    Verdict.HEALTHY: "green",
    Verdict.DEGRADED: "yellow",
    Verdict.DOWN: "red",
    Verdict.UNKNOWN: "magenta",
}
_SEVERITIES = {"error": ("bad", "red"), "warning": ("warning", "yellow"), "info": ("info", "cyan")}


def render(fleet: FleetReport, layout: Layout) -> str:
    """The fleet as lines of at most ``layout.width`` columns; with ``-q`` one, or none when all is well."""
    page = _FleetPage(fleet, layout)
    if layout.amount is Amount.QUIET and fleet.exit_code == 0:
        return ""
    if layout.amount is Amount.QUIET:
        page.line((headline(fleet), "bold"))
    else:
        page.whole()
    return page.printed()


class _FleetPage(Page):
    def __init__(self, fleet: FleetReport, layout: Layout) -> None:
        super().__init__(layout)
        self.fleet = fleet
        self.verbose = layout.amount is Amount.VERBOSE

    def whole(self) -> None:
        groups = by_verdict(self.fleet)
        style = _STYLES[groups[0][0]] if groups else "magenta"
        self.line((f"{self.marks.verdict} ", style), (headline(self.fleet), "bold"))
        for note in self.fleet.notes:
            self.item(self.marks.info, "cyan", self.text(note), indent=2)
        self._findings()
        self._hosts()
        self._unknown()
        self._next()

    def _findings(self) -> None:
        shown = [each for each in self.fleet.findings if self.verbose or each.severity != "info"]
        if shown:
            acted = self.fleet.verb is Verb.REPAIR and not self.fleet.dry_run
            self.heading("What was found before the repair" if acted else "What was found")
        for finding in shown:
            self._finding(finding)
        left_out = len(self.fleet.findings) - len(shown)
        if left_out:
            self.line((f"{counted(left_out, 'finding')} good to know; -v shows them", "dim"), indent=2)

    def _finding(self, finding: SharedFinding) -> None:
        mark, style = _SEVERITIES.get(finding.severity, _SEVERITIES["error"])
        self.item(getattr(self.marks, mark), style, self.text(finding.summary), indent=2)
        self.parts_below(said_of(finding.hosts), finding.code)

    def parts_below(self, hosts: str, code: str) -> None:
        """Who has it, below what it is."""
        self.item(" ", "", self.joined((hosts, "bold"), (f"  {code}", "dim")), indent=2)

    def _hosts(self) -> None:
        rows = [row for verdict, hosts in by_verdict(self.fleet) for row in self._group(verdict, hosts)]
        rows += [
            self._row(host, "changed" if host.changed else "unchanged", "")
            for host in surveyed(self.fleet)
            if host.verdict is None
        ]
        if rows:
            self.heading("Hosts")
            self.columns(rows, (self._name_width(), 9, 0), indent=2, gap=2)

    def _group(self, verdict: Verdict, hosts: tuple[FleetHost, ...]) -> list[tuple[Text, ...]]:
        """A row for each host with something to say; those that are plainly well share one."""
        style = _STYLES[verdict]
        quiet = (
            []
            if self.verbose
            else [host for host in hosts if verdict is Verdict.HEALTHY and not host_words(host)]
        )
        rows = [self._row(host, verdict.value, style) for host in hosts if host not in quiet]
        if len(quiet) > 1:
            names = self.text(", ".join(host.name for host in quiet))
            rows.append((self.text(counted(len(quiet), "host")), self.text(verdict.value, style), names))
        else:
            rows += [self._row(host, verdict.value, style) for host in quiet]
        return rows

    def _row(self, host: FleetHost, word: str, style: str) -> tuple[Text, ...]:
        return (self.text(host.name), self.text(word, style), self.text("; ".join(host_words(host))))

    def _name_width(self) -> int:
        longest = max((len(host.name) for host in self.fleet.hosts), default=8)
        return max(8, min(longest, self.layout.width // 3))

    def _unknown(self) -> None:
        unknown = not_surveyed(self.fleet)
        if not unknown:
            return
        self.heading("Not known: whether these are ill cannot be told")
        for host in unknown:
            run = f" (run {host.run})" if host.run else ""
            text = self.joined((host.name, "bold"), (f"  {state_words(host)}{run}: {host.reason or ''}", ""))
            self.item(self.marks.unread, "yellow", text, indent=2)

    def _next(self) -> None:
        steps = next_steps(self.fleet)
        if steps:
            self.heading("Next")
        for step in steps:
            self.item(
                self.marks.item,
                "",
                self.joined((step.command, "bold"), (f"  {step.effect}", "dim")),
                indent=2,
            )
