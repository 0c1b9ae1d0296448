"""Nagios: a fleet in one line. A host of which nothing is known is UNKNOWN, unless another one is ill."""

from collections.abc import Iterator

from ghostfix.model.fleet import FleetReport, by_verdict, not_surveyed, surveyed
from ghostfix.model.text_units import counted
from ghostfix.report.formats.nagios import State, datum, line, state_of, worst_state
from ghostfix.report.output_options import Layout

_MOST_NAMES = 5


def state_of_fleet(fleet: FleetReport) -> State:
    """The state of the worst host."""
    states = [state_of(report) for host in fleet.hosts for report in host.reports]
    return worst_state([*states, *(State.UNKNOWN for _ in not_surveyed(fleet))])


def exit_code(fleet: FleetReport) -> int:
    return state_of_fleet(fleet)


def render(fleet: FleetReport, layout: Layout | None = None) -> str:  # noqa: ARG001 -- one line has no layout
    """The fleet in one line: how many hosts are how, the ill ones by name."""
    said = f"{counted(len(fleet.hosts), 'host')}: {', '.join(_groups(fleet))}"
    worst = next((finding for finding in fleet.findings if finding.severity == "error"), None)
    if worst is not None:
        said += f"; {worst.code} on {_names(worst.hosts)}"
    return line(state_of_fleet(fleet), said, tuple(_data(fleet)))


def _groups(fleet: FleetReport) -> Iterator[str]:
    for verdict, hosts in by_verdict(fleet):
        names = "" if verdict.value == "healthy" else f" ({_names([host.name for host in hosts])})"
        yield f"{len(hosts)} {verdict.value}{names}"
    blind = [host.name for host in not_surveyed(fleet)]
    if blind:
        yield f"{len(blind)} without an answer ({_names(blind)})"


def _names(names: list[str] | tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _data(fleet: FleetReport) -> Iterator[str]:
    yield datum("hosts", len(fleet.hosts))
    numbers = {verdict.value: len(hosts) for verdict, hosts in by_verdict(fleet)}
    for verdict in ("healthy", "degraded", "down"):
        yield datum(verdict, numbers.get(verdict, 0))
    yield datum("unknown", len(fleet.hosts) - len(surveyed(fleet)) + numbers.get("unknown", 0))
