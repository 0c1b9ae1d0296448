"""Causes: which finding led to which, the root first (pure)."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.diagnosis.orphans import orphans
from ghostfix.diagnosis.own_manager import jobs_of, starts_watchdog
from ghostfix.model.finding import CheckResult, Finding, Severity, Subject
from ghostfix.model.job import Job
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import ProcessState
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Reason, Snapshot
from ghostfix.service.instance import instances


class Reference(Struct, frozen=True, order=True):
    """A finding, by its code and subject."""

    code: str
    subject: Subject


class Cause(Struct, frozen=True, kw_only=True):
    """One finding in the graph of what led to what."""

    code: str
    subject: Subject
    short: str
    leads_to: tuple[Reference, ...] = ()

    @property
    def reference(self) -> Reference:
        return Reference(self.code, self.subject)


_NUMBER_WORDS = Pattern(r"\D+")

Graph = dict[Reference, list[Reference]]


def causes(results: Iterable[CheckResult], snapshot: Snapshot, service: Service) -> tuple[Cause, ...]:
    """Every finding at warning or above, causes before their effects, the one that explains most first.

    What explains nothing and is explained by nothing comes last. There are no circles.
    """
    findings = {
        Reference(finding.code, finding.subject): finding
        for result in results
        for finding in result.findings
        if finding.severity is not Severity.INFO
    }
    graph = _graph(findings, snapshot, service)
    reduced = {node: _direct(node, graph) for node in graph}
    return tuple(
        Cause(
            code=node.code,
            subject=node.subject,
            short=findings[node].short,
            leads_to=tuple(reduced[node]),
        )
        for node in _ordered(reduced)
    )


def chain(ordered: Sequence[Cause]) -> str:
    """The longest way from the main root to a last effect, in one line; empty without findings.

    ``cron line 7 → watchdog.sh:214 → 3 instances → 2 cannot bind 5555 → address in use × 88``.
    """
    if not ordered:
        return ""
    best: dict[Reference, tuple[str, ...]] = {}
    for cause in reversed(ordered):
        ways = [best[effect] for effect in cause.leads_to if effect in best]
        best[cause.reference] = (*_links(cause), *max(ways, key=len, default=()))
    return " → ".join(dict.fromkeys(best[ordered[0].reference]))


def _links(cause: Cause) -> tuple[str, ...]:
    """How a cause reads in a chain; some stand for more than one link."""
    return tuple(cause.short.split(" → "))


def _graph(findings: Mapping[Reference, Finding], snapshot: Snapshot, service: Service) -> Graph:
    by_code: dict[str, list[Reference]] = {}
    for node in findings:
        by_code.setdefault(node.code, []).append(node)
    graph: Graph = {node: [] for node in findings}
    guard = _Guards(findings, snapshot, service)
    for check in CHECKS:
        for cause in by_code.get(check.code, ()):
            for effect in (node for name in check.leads_to for node in by_code.get(name, ())):
                if guard.allow(cause, effect) and cause not in _reached(effect, graph):
                    graph[cause].append(effect)
    return graph


def _reached(start: Reference, graph: Graph) -> set[Reference]:
    """A finding and all that it leads to."""
    seen: set[Reference] = set()
    ahead = [start]
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            ahead.extend(graph[node])
    return seen


def _direct(node: Reference, graph: Graph) -> list[Reference]:
    """The effects that are not reached through another effect as well."""
    effects = graph[node]
    indirect: set[Reference] = set()
    for effect in effects:
        indirect |= _reached(effect, graph) - {effect}
    return [effect for effect in effects if effect not in indirect]


def _ordered(graph: Graph) -> list[Reference]:
    """Causes before effects; of those that could come next, the one that explains most."""
    weight = {node: len(_reached(node, graph)) for node in graph}
    waiting = dict.fromkeys(graph, 0)
    for effects in graph.values():
        for effect in effects:
            waiting[effect] += 1
    alone = {node for node in graph if not graph[node] and not waiting[node]}
    ordered: list[Reference] = []
    ready = [node for node in graph if not waiting[node] and node not in alone]
    while ready:
        node = max(ready, key=lambda one: weight[one])
        ready.remove(node)
        ordered.append(node)
        for effect in graph[node]:
            waiting[effect] -= 1
            if not waiting[effect]:
                ready.append(effect)
    return [*ordered, *(node for node in graph if node in alone)]


class _Guards:
    """Whether a fault can have led to another on this machine."""

    def __init__(self, findings: Mapping[Reference, Finding], snapshot: Snapshot, service: Service) -> None:
        self._snapshot = snapshot
        self._findings = findings
        running = instances(snapshot, service)
        self._roots = {instance.root.pid for instance in running}
        self._ours = {process.pid for instance in running for process in instance.processes}
        self._ours |= {orphan.process.pid for orphan in orphans(snapshot, service)}
        zombies = (each for each in snapshot.processes.value if each.state is ProcessState.ZOMBIE)
        self._unreaping = {zombie.ppid for zombie in zombies}
        self._codes = {node.code for node in findings}

    def allow(self, cause: Reference, effect: Reference) -> bool:
        if cause.code == "rogue-restarter":
            return self._restarter(cause, effect)
        if cause.code.endswith("-pidfile"):
            refused = self._is_reason_to_refuse(cause.subject.name)
            by_start = effect.code in ("duplicate-instance", "not-running")
            return refused or (by_start and self._is_trusted(cause.subject.name))
        if cause.code == "competing-managers":
            return "rogue-restarter" not in self._codes
        if effect.code == "zombie-processes":
            return bool(self._unreaping & self._ours)
        if cause.code == "log-address-in-use" and self._findings[cause].severity is not Severity.ERROR:
            return False  # the port is free again
        if cause.code == "port-conflict" and effect.code == "port-unbound":
            return cause.subject == effect.subject
        return True

    def _restarter(self, cause: Reference, effect: Reference) -> bool:
        jobs = jobs_of(self._snapshot, cause.subject)
        if effect.code == "rogue-restarter":
            targets = jobs_of(self._snapshot, effect.subject)
            return any(starts_watchdog(job, target) for job in jobs for target in targets)
        if effect.code == "wrong-interpreter":
            roots = effect.subject.name.split(",")
            return any(str(pid) in roots for job in jobs for pid in job.starts)
        if effect.code == "zombie-processes":
            return any(process.pid in self._unreaping for job in jobs for process in job.processes)
        if effect.code == "duplicate-instance":
            return any(self._adds_instances(job) for job in jobs)
        return True

    def _adds_instances(self, job: Job) -> bool:
        """One that checks before it starts adds none, unless it did, or reads a PID file that is wrong."""
        return not job.guarded or bool(self._roots & set(job.starts)) or "stale-pidfile" in self._codes

    def _is_reason_to_refuse(self, path: str) -> bool:
        """Whether the program said that it does not start because of this PID file, or of the PID in it."""
        pids = {str(each.pid) for each in self._snapshot.pidfiles.value if each.path == path and each.pid}
        name = posixpath.basename(path)
        return any(
            name in error.message or bool(pids & set(_NUMBER_WORDS.split(f"{error.about} {error.message}")))
            for log in self._snapshot.logs.value
            for error in (*log.errors, *([log.ending] if log.ending is not None else []))
            if error.reason in (Reason.ALREADY_RUNNING, Reason.LOCK_HELD)
        )

    def _is_trusted(self, path: str) -> bool:
        """A job that names the PID file decides by it."""
        name = posixpath.basename(path)
        return any(
            name in text
            for job in self._snapshot.jobs
            if job.enabled
            for text in (job.command, *(hop.text for hop in job.link.hops))
        )
