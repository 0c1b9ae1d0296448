"""Watch: a service is polled until the time is over, and every change of it is reported at once."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from ghostfix.commands.watch.record import Kind, Sample, SeenInstance, WatchRecord
from ghostfix.commands.watch.started_by import origin_of, starter_of
from ghostfix.model.errors import ProfileError
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.process_watch import ProcessWatch
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.model.service import Service
from ghostfix.model.snapshot import HealthAnswer, Resources
from ghostfix.model.text_units import lasting, percent_of
from ghostfix.service.profile import BUILT_IN, load, only_one
from ghostfix.service.running_instances import running_instances
from ghostfix.survey import health
from ghostfix.survey.service_watch import Event, ServiceWatch, Transition
from ghostfix.survey.socket_activation import asleep

_HEALTH_EVERY = 10.0
_AGAIN = 1.0
"""Seconds between two questions to one that is coming up."""
_RESOURCES_EVERY = 60.0
_COMING_UP = 5.0
"""Seconds in which no port and no answer is expected of a new instance."""
_PATIENCE = 3.0
"""Seconds that the last answers are waited for at the end."""
_TICK = 0.05
T = TypeVar("T")


class _BackgroundQuestion(Generic[T]):
    """A question that takes long, asked beside the watch; ``answer`` is None until it is there."""

    def __init__(self, question: Callable[[], T]) -> None:
        self.answer: T | None = None
        self.done = False
        self._question = question
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _ask(self) -> None:
        # Whatever goes wrong with one question, the watch goes on without its answer.
        with suppress(Exception):
            self.answer = self._question()
        self.done = True


def watched_service(system: System, name: str | None, config: str | None) -> Service:
    """The one service to watch; raises ProfileError when it is left open which, or nothing is known of it."""
    services = load(system, name, config)
    first = services[0]
    if name is None and first.profile.startswith(BUILT_IN) and not running_instances(system, first):
        raise ProfileError(
            f"there is no ghostfix.toml in {safe(first.directory)} or above it: what should be watched?",
            "go to the service's folder, or `ghostfix watch --config FILE`; `ghostfix init` writes a profile",
        )
    return only_one(services, "watch")


class Watch:
    """One watch of one service. ``on_seen`` gets each thing that is seen, in order."""

    def __init__(
        self,
        system: System,
        process_watch: ProcessWatch,
        service: Service,
        *,
        seconds: float | None,
        interval: float,
        on_seen: Callable[[SeenInstance], None] = lambda _: None,
        on_sample: Callable[[WatchRecord], None] = lambda _: None,
    ) -> None:
        self._system = system
        self._process_watch = process_watch
        self._service = service
        self._interval = interval
        self._on_seen = on_seen
        self._on_sample = on_sample
        self._service_watch = ServiceWatch(system, process_watch, service)
        now = system.now()
        self._deadline = None if seconds is None else system.monotonic() + seconds
        self.record = WatchRecord(
            service=service, began=now, until=None if seconds is None else now + seconds
        )
        self._unreported: list[tuple[SeenInstance, _BackgroundQuestion[str] | None]] = []
        self._known: dict[tuple[object, ...], _BackgroundQuestion[str]] = {}
        self._health: _BackgroundQuestion[HealthAnswer | None] | None = None
        self._resources: _BackgroundQuestion[Resources | None] | None = None
        self._next_sample = self._next_health = self._next_resources = system.monotonic()
        self._used: dict[int, float] = {}
        self._cpu_seconds = 0.0
        self._sampled_at: float | None = None
        self._well: bool | None = None

    def run(self) -> WatchRecord:
        """Watches until the time is over, or until it is interrupted: either way with a verdict."""
        self._begin()
        try:
            while self._deadline is None or self._system.monotonic() < self._deadline:
                self._process_watch.wait(self._pause())
                self._poll()
        except KeyboardInterrupt:
            pass
        self._finish()
        return self.record

    def _begin(self) -> None:
        """Reports which instances run at the beginning."""
        running = self._service_watch.instances
        self.record.count(self._system.now(), running)
        pids = ", ".join(f"pid {process.pid}" for process in running)
        text = f"watching: {pids} runs" if running else "watching: no instance runs"
        first = running[0].pid if running else None
        self._see(SeenInstance(self.record.began, Kind.WATCHING, text, first))
        self._report()

    def _pause(self) -> float:
        now = self._system.monotonic()
        due = [self._next_sample - now]
        if self._deadline is not None:
            due.append(self._deadline - now)
        if self._service_watch.pause:
            due.append(self._service_watch.pause)
        if self._unreported or self._health is not None or self._resources is not None:
            due.append(_TICK)
        return max(0.0, min(due))

    def _poll(self) -> None:
        for event in self._service_watch.poll():
            self._note(event)
        self.record.count(self._system.now(), self._service_watch.instances)
        self._report()
        now = self._system.monotonic()
        self._ask(now)
        if now >= self._next_sample:
            self._next_sample = max(self._next_sample + self._interval, now)
            self._sample(now)
            self._on_sample(self.record)

    def _finish(self) -> None:
        for event in self._service_watch.poll():
            self._note(event)
        self.record.count(self._system.now(), self._service_watch.instances)
        if self._health is not None:
            self._health.wait(_AGAIN)
        now = self._system.monotonic()
        self._ask(now)
        self._sample(now)
        for _, question in self._unreported:
            if question is not None:
                question.wait(_PATIENCE)
        self._report(at_last=True)
        self._on_sample(self.record)

    # what is seen

    def _note(self, event: Event) -> None:
        process, record = event.process, self.record
        command = shown_argv(process.argv, 120)
        if event.change is Transition.ENDED:
            lived = max(0.0, event.at - process.id.started)
            record.ends += 1
            text = f"pid {process.pid} ended after {lasting(lived)}"
            self._see(SeenInstance(event.at, Kind.ENDED, text, process.pid, lived_s=round(lived, 3)))
        elif event.change is Transition.LEFT:
            text = f"pid {process.pid} goes on without its parent: {command}"
            self._see(SeenInstance(event.at, Kind.LEFT, text, process.pid))
        else:
            record.starts += 1
            self._next_health = min(self._next_health, self._system.monotonic() + _AGAIN)
            text = f"pid {process.pid} started: {command}"
            seen = SeenInstance(event.at, Kind.STARTED, text, process.pid, by=None)
            self._see(seen, self._starter(process, event.ancestors))

    def _starter(self, process: Process, ancestors: tuple[Process, ...]) -> _BackgroundQuestion[str]:
        origin = origin_of(process, ancestors)
        known = None if origin is None else self._known.get(origin)
        if known is not None and (not known.done or known.answer is not None):
            return known
        question = _BackgroundQuestion(lambda: starter_of(self._system, self._service, process, ancestors))
        if origin is not None:
            self._known[origin] = question
        return question

    def _see(self, seen: SeenInstance, question: _BackgroundQuestion[str] | None = None) -> None:
        self.record.seen.append(seen)
        self._unreported.append((seen, question))

    def _report(self, *, at_last: bool = False) -> None:
        """Reports what is known whole, in the order in which it was seen."""
        while self._unreported:
            seen, question = self._unreported[0]
            if question is not None:
                if not (question.done or at_last):
                    return
                seen.by = question.answer or "somebody who could not be told in time"
                self.record.started_by(seen.by)
            self._unreported.pop(0)
            self._on_seen(seen)

    def _excess(self, about: str, problem: str | None) -> None:
        """The same for a limit of the machine."""
        self._trouble(about, problem, self.record.excesses)

    def _trouble(self, about: str, problem: str | None, known: dict[str, str] | None = None) -> None:
        """Takes down what is wrong with something, or that nothing is, and reports it when that is new."""
        known = self.record.troubles if known is None else known
        before = known.get(about)
        if problem is not None:
            known[about] = problem
            if before is None:
                self._see(SeenInstance(self._system.now(), Kind.TROUBLE, problem))
        elif before is not None:
            del known[about]
            self._see(SeenInstance(self._system.now(), Kind.RELIEF, f"over: {before}"))

    # what is measured

    def _sample(self, now: float) -> None:
        service_watch, service = self._service_watch, self._service
        members = service_watch.members()
        uses = self._process_watch.consumption(members)
        before, self._used = self._used, {}
        used = 0.0
        for pid, use in uses.items():
            if use.cpu_seconds is not None:
                used += max(0.0, use.cpu_seconds - before.get(pid, use.cpu_seconds))
                self._used[pid] = use.cpu_seconds
        self._cpu_seconds += used
        passed = None if self._sampled_at is None else now - self._sampled_at
        self._sampled_at = now
        listening = self._process_watch.ports() if service.ports else frozenset()
        ports = {} if listening is None else {port: port in listening for port in service.ports}
        self._check_ports(ports)
        self._check_counts()
        self.record.samples.append(
            Sample(
                at=self._system.now(),
                cpu_percent=None if not passed else 100.0 * used / passed,
                cpu_seconds=self._cpu_seconds,
                memory_bytes=sum(use.memory_bytes for use in uses.values()),
                own_processes=sum(use.alive for use in uses.values()),
                processes=service_watch.process_count,
                zombies=service_watch.zombies,
                ports=ports,
                healthy=self._well,
            )
        )

    def _check_ports(self, ports: dict[int, bool]) -> None:
        for port, listens in ports.items():
            gone = not listens and not self._coming_up()
            self._trouble(f"port {port}", f"nobody listens on port {port}" if gone else None)

    def _check_counts(self) -> None:
        limits = self._service.limits
        for about, number, limit in (
            ("processes", self._service_watch.process_count, limits.processes),
            ("zombies", self._service_watch.zombies, limits.zombies),
        ):
            text = f"{number} {about}, {percent_of(number, limit)}"
            self._excess(about, text if number > limit else None)

    def _coming_up(self) -> bool:
        """Whether no instance runs of which a port or an answer is expected by now."""
        started = [process.id.started for process in self._service_watch.instances]
        return not started or self._system.now() - max(started) < _COMING_UP

    # what is asked beside it

    def _ask(self, now: float) -> None:
        system, service = self._system, self._service
        if self._health is not None and self._health.done:
            self._judge_health(self._health.answer)
            self._health = None
        if self._resources is not None and self._resources.done:
            self._judge_resources(self._resources.answer)
            self._resources = None
        if service.health is not None and self._health is None and now >= self._next_health:
            self._next_health = now + max(_HEALTH_EVERY, self._interval)
            runs = bool(self._service_watch.instances)
            self._health = _BackgroundQuestion(lambda: _health(system, service, runs=runs))
        if self._resources is None and now >= self._next_resources:
            self._next_resources = now + max(_RESOURCES_EVERY, self._interval)
            self._resources = _BackgroundQuestion(lambda: system.resources(service.directory).value)

    def _judge_health(self, found: HealthAnswer | None) -> None:
        if found is None:
            return
        problem = next(iter(found.faults), None)
        self._well = problem is None
        took = f"{found.answer.elapsed * 1000:.0f} ms"
        self.record.health = took if problem is None else safe(problem, 80)
        ill = problem is not None and not self._coming_up()
        if problem is not None and not ill:
            self._next_health = self._system.monotonic() + _AGAIN
        self._trouble("health", f"it is not healthy: {safe(problem or '', 200)}" if ill else None)

    def _judge_resources(self, found: Resources | None) -> None:
        if found is None:
            return
        limits = self._service.limits
        load = limits.load_per_cpu * max(1, found.cpu_count)
        for about, value, limit, unit in (
            ("load", found.cpu_load, load, ""),
            ("memory", found.memory_percent, limits.memory_percent, " %"),
            ("disk", found.disk_percent, limits.disk_percent, " %"),
        ):
            text = f"{about} is at {value:.1f}{unit}, over the limit of {limit:g}{unit}"
            self._excess(about, text if value > limit else None)


def _health(system: System, service: Service, *, runs: bool) -> HealthAnswer | None:
    """What the service says of itself; None where asking would start it."""
    if runs or service.health is None:
        return health.collect(system, service).value
    tree = ProcessTree(system.processes().value)
    unasked = asleep(service, service.health.url, system.listeners(), tree, system.host().hostname)
    return health.collect(system, service, unasked).value
