"""Service watch: one service's starts and ends for as long as it takes, no restart missed, at little cost.

It may go on for hours among a thousand processes: each is read once, a new one when it appears, and the
end of an instance wakes the watch at once. After that it polls again after 2 ms, 3 ms, 4.5 ms,
..., so that the next instance is seen, and held on to, before it can end as well.
"""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, structs

from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessId, ProcessTree
from ghostfix.model.process_watch import ProcessWatch
from ghostfix.model.service import Service
from ghostfix.service.instance import is_service
from ghostfix.service.running_instances import known_better

_YOUNG = 3.0
"""Seconds in which a new process is read again: between fork and exec it is still a copy of its parent."""
_FULL = 10.0
"""Seconds, at least, between two scans of all processes, for processes that become the service late."""
_SHARE = 0.0025
"""Of one core: what the scans of all processes may take."""
_FIRST_PAUSE, _GROWTH = 0.002, 1.5


class Transition(Enum):
    STARTED = "started"
    ENDED = "ended"
    LEFT = "left"
    """A child of an instance that ended, which goes on without it."""


class Event(Struct, frozen=True, kw_only=True):
    """One change that was seen."""

    at: float
    change: Transition
    process: Process
    ancestors: tuple[Process, ...] = ()
    """Of one that was started, as they were then; the nearest first."""


class ServiceWatch:
    """What is known of the service's processes, and what has become of them."""

    def __init__(self, system: System, process_watch: ProcessWatch, service: Service) -> None:
        self._system = system
        self._process_watch = process_watch
        self._service = service
        self._own = frozenset(system.caller().own_pids)
        self._table: dict[int, Process] = {}
        self._young: dict[int, float] = {}
        self._matching: dict[int, Process] = {}
        self._roots: dict[int, Process] = {}
        self._next_full = 0.0
        self._pause = 0.0
        self.zombies = 0
        """Of the whole machine, at the last scan of all processes."""
        self._process_watch.pids()
        self._scan_all()
        self._roots = self._tops()

    @property
    def instances(self) -> tuple[Process, ...]:
        """The top process of each instance, the oldest first."""
        return tuple(sorted(self._roots.values(), key=lambda top: (top.id.started, top.pid)))

    @property
    def process_count(self) -> int:
        return len(self._table)

    @property
    def pause(self) -> float:
        """Seconds until the next poll is due because of what has just happened; 0 when none is."""
        return self._pause

    def members(self) -> tuple[int, ...]:
        """The PIDs of all instances and of everything below them."""
        children: dict[int, list[int]] = {}
        for pid, process in self._table.items():
            children.setdefault(process.ppid, []).append(pid)
        found = dict.fromkeys(self._roots)
        waiting = list(self._roots)
        while waiting:
            below = [pid for pid in children.get(waiting.pop(), ()) if pid not in found]
            found.update(dict.fromkeys(below))
            waiting += below
        return tuple(found)

    def poll(self, all_processes: bool = False) -> tuple[Event, ...]:
        """What has happened since the last poll, in the order in which it did.

        ``all_processes`` reads the whole table, for those that became the service late in their lives.
        """
        known = frozenset(process.id for process in self._matching.values())
        ended = self._remove_ended()
        now = self._system.monotonic()
        if all_processes or now >= self._next_full:
            self._scan_all()
        else:
            self._scan_new(now)
        before, self._roots = self._roots, self._tops()
        events = [*ended, *self._arrivals(before, known)]
        if events:
            self._pause = _FIRST_PAUSE
        elif self._pause:
            self._pause = self._pause * _GROWTH if self._pause < 1.0 else 0.0
        return tuple(events)

    def _remove_ended(self) -> list[Event]:
        """Takes out the processes that have ended; an event for each instance among them."""
        events = []
        for identity in sorted(self._process_watch.ended()):
            process = self._matching.get(identity.pid)
            if process is None or process.id != identity:
                continue
            del self._matching[identity.pid]
            self._table.pop(identity.pid, None)
            if self._roots.pop(identity.pid, None) is not None:
                events.append(Event(at=self._system.now(), change=Transition.ENDED, process=process))
                self._adopt(identity.pid)
        return events

    def _adopt(self, parent: int) -> None:
        """Reads the children of one that ended again: they have another parent by now."""
        for pid in [child.pid for child in self._table.values() if child.ppid == parent]:
            process = self._system.process(pid)
            if process is None or not process.alive:
                self._table.pop(pid, None)
                self._matching.pop(pid, None)
            else:
                self._keep(structs.replace(self._table[pid], ppid=process.ppid))

    def _keep(self, process: Process) -> None:
        self._table[process.pid] = process
        if process.pid in self._matching:
            self._matching[process.pid] = process

    def _scan_new(self, now: float) -> None:
        """Reads the processes that were not there before, and once more those that have just appeared."""
        pids = self._process_watch.pids()
        if pids is not None:
            for gone in self._table.keys() - pids:
                if gone not in self._matching:
                    del self._table[gone]
            for pid in pids - self._table.keys():
                self._young[pid] = now + _YOUNG
        for pid in [pid for pid, until in self._young.items() if pid not in self._matching]:
            self._read(pid)
        self._young = {pid: until for pid, until in self._young.items() if until > now and pid in self._table}

    def _read(self, pid: int) -> None:
        process = self._system.process(pid)
        if process is None or not process.alive:
            self._table.pop(pid, None)
            return
        known = self._table.get(pid)
        if known is None or known.id != process.id or known.argv != process.argv:
            self._table[pid] = process
            self._recognise(process)

    def _scan_all(self) -> None:
        began = self._system.monotonic()
        processes = self._system.processes().value
        self.zombies = sum(not process.alive for process in processes)
        there = {process.pid: process for process in processes}
        for pid in self._table.keys() - there.keys():
            if pid not in self._matching:
                del self._table[pid]
        for pid, process in there.items():
            ours, known = self._matching.get(pid), self._table.get(pid)
            if ours is not None:
                if ours.id == process.id:
                    self._keep(structs.replace(ours, ppid=process.ppid))
                continue
            self._table[pid] = process
            if known is None or known.id != process.id or known.argv != process.argv:
                self._recognise(process)
        took = self._system.monotonic() - began
        self._next_full = began + max(_FULL, took / _SHARE)

    def _recognise(self, process: Process) -> None:
        if process.pid in self._own and process.pid != 1:
            return
        better = known_better(self._system, self._service, process)
        if better.alive and is_service(self._service, better):
            self._table[process.pid] = self._matching[process.pid] = better
            self._process_watch.hold(better)

    def _tops(self) -> dict[int, Process]:
        """Those without a matching ancestor."""
        tops = {}
        for pid, process in self._matching.items():
            above, seen = process.ppid, {pid}
            while above not in self._matching and above in self._table and above not in seen:
                seen.add(above)
                above = self._table[above].ppid
            if above not in self._matching or above == pid:
                tops[pid] = process
        return tops

    def _arrivals(self, before: Mapping[int, Process], known: frozenset[ProcessId]) -> list[Event]:
        events = []
        for process in self.instances:
            old = before.get(process.pid)
            if old is not None and old.id == process.id:
                continue
            left = process.id in known
            events.append(
                Event(
                    at=self._system.now(),
                    change=Transition.LEFT if left else Transition.STARTED,
                    process=structs.replace(process, detail=self._system.detail(process)),
                    ancestors=() if left else self._ancestors(process),
                )
            )
        return events

    def _ancestors(self, process: Process) -> tuple[Process, ...]:
        return ProcessTree({**self._table, process.pid: process}.values()).ancestors(process.pid)
