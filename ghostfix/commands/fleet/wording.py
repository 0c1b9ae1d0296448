"""What a fleet's report says in words, for every format that a person reads (pure)."""

import shlex
from collections.abc import Sequence

from ghostfix.model.fleet import FleetHost, FleetReport, HostState, Verb, by_verdict, not_surveyed
from ghostfix.model.text_units import counted, listed
from ghostfix.report.advice import Advice, acted, findings

_MOST_NAMES = 12
_STATES = {
    HostState.UNREACHABLE: "unreachable",
    HostState.FAILED: "ghostfix could not work there",
    HostState.LOST: "lost on the way",
    HostState.SPARED: "not begun",
}


def headline(fleet: FleetReport) -> str:
    """``10 hosts: 3 down, 5 healthy, 2 unreachable``."""
    parts = [f"{len(hosts)} {verdict.value}" for verdict, hosts in by_verdict(fleet)]
    if fleet.verb is Verb.UNDO:
        changed = sum(host.changed for host in fleet.hosts if host.state is not HostState.LOST)
        parts.append(f"{changed} {'would be taken back' if fleet.dry_run else 'taken back'}")
    for state, words in _STATES.items():
        number = sum(host.state is state for host in fleet.hosts)
        if number:
            parts.append(f"{number} {words if state is HostState.UNREACHABLE else state.value}")
    return f"{counted(len(fleet.hosts), 'host')}: {', '.join(parts)}"


def state_words(host: FleetHost) -> str:
    """How far ghostfix came, for a host that did not say how it is."""
    return _STATES.get(host.state, host.state.value)


def said_of(hosts: Sequence[str]) -> str:
    """``on web1``, ``on 3 hosts: a, b and c``; of very many the first names."""
    if len(hosts) == 1:
        return f"on {hosts[0]}"
    shown = hosts if len(hosts) <= _MOST_NAMES else (*hosts[:_MOST_NAMES], f"{len(hosts) - _MOST_NAMES} more")
    return f"on {len(hosts)} hosts: {listed(shown)}"


def host_words(host: FleetHost) -> tuple[str, ...]:
    """What is to be said about a host that answered: what it has, what was done, how its report is opened."""
    words: list[str] = []
    codes = dict.fromkeys(
        finding.code for report in host.reports for finding in findings(report) if finding.severity != "info"
    )
    repaired = any(acted(report) for report in host.reports)
    if codes:
        words.append(("had " if repaired else "") + " ".join(codes))
    steps = [step for report in host.reports if report.plan is not None for step in report.plan.steps]
    if repaired:
        words.append(f"run {host.run}" + ("" if host.changed else ", nothing was done"))
    elif steps:
        words.append(f"a repair has {counted(len(steps), 'step')}")
    if host.undone:
        done = [entry for entry in host.undone if entry.state in ("undone", "planned")]
        words.append(f"{counted(len(done), 'step')} of run {host.run}")
    if host.reason is not None:
        words.append(host.reason)
    words += [f"ghostfix report {name}" for name in host.kept]
    return tuple(words)


def next_steps(fleet: FleetReport) -> tuple[Advice, ...]:
    """The commands to type next, the first one first."""
    lost = [host.name for host in fleet.hosts if host.state is HostState.LOST]
    advice = []
    if lost:
        advice.append(
            Advice(_command(fleet, "undo", lost), "reads their journals, and takes back what was done")
        )
    if fleet.verb is Verb.DIAGNOSE and any(_can_be_repaired(host) for host in fleet.hosts):
        advice.append(Advice(_command(fleet, "repair", (), "--dry-run"), "shows what a repair would do"))
    elif fleet.dry_run and any(host.changed for host in fleet.hosts):
        effect = "does this, after asking, one host after the other"
        advice.append(Advice(_command(fleet, fleet.verb.value, ()), effect))
    elif fleet.verb is Verb.REPAIR and any(host.changed for host in fleet.hosts) and not lost:
        advice.append(Advice(_command(fleet, "undo", ()), "takes the last repair of each host back"))
    if fleet.verb is Verb.DIAGNOSE and not_surveyed(fleet):
        names = [host.name for host in not_surveyed(fleet)]
        advice.append(Advice(_command(fleet, "diagnose", names), "looks at the others again"))
    return tuple(advice)


def _can_be_repaired(host: FleetHost) -> bool:
    return any(finding.repair for report in host.reports for finding in findings(report))


def _command(fleet: FleetReport, verb: str, hosts: Sequence[str], *options: str) -> str:
    """A command about the same service on the same hosts, or on some of them."""
    words = ["ghostfix", "fleet", verb]
    for inventory in fleet.inventory:
        words += ["-i", inventory]
    limit = ",".join(hosts) or fleet.limit
    if limit:
        words += ["--limit", limit]
    # An undo reads journals, and no profile.
    words += fleet.options if verb != "undo" else _without(fleet.options, "--config")
    words += fleet.choices if verb == "repair" else ()
    words += options
    return shlex.join([*words, *([fleet.service] if fleet.service else [])])


def _without(options: Sequence[str], name: str) -> list[str]:
    if name not in options:
        return list(options)
    place = options.index(name)
    return [*options[:place], *options[place + 2 :]]
