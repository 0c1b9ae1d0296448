"""The FleetReport of what is known of the hosts; and their reports, kept for ``ghostfix report``."""

import re
from collections.abc import Sequence

from msgspec import structs

from ghostfix import __version__
from ghostfix.commands.fleet.rollout import Order
from ghostfix.commands.fleet.shared_findings import shared_findings
from ghostfix.model.errors import ExitCode, GhostfixError
from ghostfix.model.fleet import FleetHost, FleetReport, Verb
from ghostfix.model.fleet_play import HOLD_FOR, Task
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.report import Report, Verdict
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.model.secret_forms import MASK
from ghostfix.model.text_units import utc_stamp
from ghostfix.report import saved_reports
from ghostfix.report.advice import acted, findings

_LONGEST = 2_000


def assembled(
    system: System,
    order: Order,
    hosts: Sequence[FleetHost],
    code: ExitCode,
    *,
    dry_run: bool,
    notes: tuple[str, ...] = (),
) -> FleetReport:
    """All that is known of the fleet, its hosts by name."""
    ordered = sorted(hosts, key=lambda host: _natural(host.name))
    return FleetReport(
        version=__version__,
        taken_at=utc_stamp(system.now()),
        verb=order.verb,
        dry_run=dry_run and order.verb is not Verb.DIAGNOSE,
        inventory=order.reach.inventory,
        limit=order.reach.limit,
        service=order.task.name,
        options=_typed(order),
        choices=_choices(order.task),
        exit_code=code,
        hosts=tuple(ordered),
        findings=shared_findings(ordered),
        notes=notes,
    )


def all_kept(
    system: ActingSystem, hosts: Sequence[FleetHost]
) -> tuple[tuple[FleetHost, ...], tuple[str, ...]]:
    """The hosts with the names of their reports, and a note where these could not be kept.

    What was done on thirty hosts is reported also where this machine's disk is full.
    """
    done: list[FleetHost] = []
    try:
        done.extend(kept(system, host) for host in hosts)
    except GhostfixError as error:
        note = f"the reports of single hosts could not be kept: {safe(error.message)}"
        return (*done, *hosts[len(done) :]), (note,)
    return tuple(done), ()


def kept(system: ActingSystem, host: FleetHost) -> FleetHost:
    """The host with the names of its reports; those of a host that is plainly well are not kept."""
    if not any(_is_worth_opening(report) for report in host.reports):
        return host
    names = tuple(saved_reports.keep_diagnosis(system, report) for report in host.reports)
    return structs.replace(host, kept=names)


def _typed(order: Order) -> tuple[str, ...]:
    """The options that every further command about this fleet needs as well."""
    reach, task = order.reach, order.task
    words: list[str] = []
    if reach.become and reach.become_user is None and reach.become_password is None:
        words.append("--become")
    if reach.become_user is not None:
        words += ["--become-user", reach.become_user]
    if reach.become_password is not None:
        words.append("--ask-become-pass")
    if reach.arguments:
        words += ["--ansible-args", _without_passwords(reach.arguments)]
    if task.executable is not None:
        words += ["--executable", task.executable]
    if task.config is not None:
        words += ["--config", task.config]
    return tuple(words)


def _choices(task: Task) -> tuple[str, ...]:
    """The options without which a repair would do more, or less, than what was shown."""
    words: list[str] = []
    if task.only:
        words += ["--only", ",".join(task.only)]
    if task.skip:
        words += ["--skip", ",".join(task.skip)]
    words += [] if task.start else ["--no-start"]
    words += ["--evict"] if task.evict else []
    words += ["--hold-for", task.hold_for] if task.hold_for not in (None, HOLD_FOR) else []
    words += ["--rollback-on-failure"] if task.rollback_on_failure else []
    return tuple(words)


def _without_passwords(arguments: Sequence[str]) -> str:
    """Ansible's options as text. Variables may be among them, and of a dictionary of them none is shown."""
    plain = (word if "{" not in word else word.partition("{")[0] + MASK for word in arguments)
    return shown_argv(tuple(plain), _LONGEST)


def _is_worth_opening(report: Report) -> bool:
    well = report.verdict is Verdict.HEALTHY and report.exit_code == ExitCode.HEALTHY
    return not well or acted(report) or any(finding.severity != "info" for finding in findings(report))


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts web2 before web10."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
