"""circus: the watchers of each circusd that runs."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from msgspec import structs

from ghostfix.managers.circus.config import ENDPOINT, Watcher, read_config
from ghostfix.managers.circus.daemon import (
    CircusDaemon,
    WatcherState,
    circusd,
    control_of,
    is_circusd,
    pids,
    states,
)
from ghostfix.managers.circus.hold_watcher import HoldCircusWatcher
from ghostfix.managers.foreign_daemon import is_other_users, outside
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, follow, follow_argv
from ghostfix.service.instance import roots

KIND = "circus"
_LIMIT = 1 << 20
_VARIABLE = Pattern(r"\$\(circus\.([\w.]+)\)|\(\(circus\.([\w.]+)\)\)", re.IGNORECASE)


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The watchers that run the service; a circusd is asked only when one of its watchers does."""
    running = roots(tree, system.caller().own_pids, service)
    found: list[Job] = []
    problems: list[str] = []
    notes: list[str] = []
    for process in tree.by_pid.values():
        if is_circusd(process) and (away := outside(system, process)) is not None:
            notes.append(away)
            continue
        foreign = is_circusd(process) and is_other_users(system, service, KIND, process, running)
        unread = notes if foreign else problems
        daemon = circusd(system, process) if process.argv else None
        if daemon is None and process.argv and is_circusd(process):
            unread.append(f"the configuration of circusd (pid {process.pid}) is not known")
        if daemon is not None:
            found += _of_daemon(system, service, tree, daemon, running, unread)
    return structs.replace(gathered(tuple(found), problems), note="; ".join(notes) or None)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """``circusctl stop``: circus does not start a stopped watcher again by itself."""
    if not job.enabled:
        return ()
    config, _, endpoint = job.scope.partition(" at ")
    return (HoldCircusWatcher(reason=reason, watcher=job.id, config=config, endpoint=endpoint or ENDPOINT),)


RESTARTER = Restarter(kind=KIND, title="circus watchers", jobs=jobs, hold=hold)


def _of_daemon(
    system: System,
    service: Service,
    tree: ProcessTree,
    daemon: CircusDaemon,
    running: Sequence[Process],
    problems: list[str],
) -> Iterator[Job]:
    watchers, endpoint = _configured(system, daemon.config, problems)
    below = {each.pid for each in tree.descendants(daemon.process.pid)}
    mine = [process for process in running if process.pid in below]
    trails = {watcher.name: _follow(system, service, watcher, daemon.config) for watcher in watchers}
    if not mine and not any(trails.values()):
        return
    control = control_of(system, daemon.process)
    reading = states(system, control, endpoint)
    if reading.problem is not None:
        problems.append(reading.problem)
    known = {state.name.lower(): state for state in reading.value}
    for watcher in watchers:
        state = known.get(watcher.name.lower())
        owned: tuple[int, ...] = ()
        if mine and control is not None and state is not None:
            started = set(pids(system, control, endpoint, state.name))
            owned = tuple(
                process.pid
                for process in mine
                if started & {process.pid, *(above.pid for above in tree.ancestors(process.pid))}
            )
        trail = trails[watcher.name]
        if trail is not None or owned:
            yield _job(watcher, daemon, endpoint, state, trail, owned)


def _job(
    watcher: Watcher,
    daemon: CircusDaemon,
    endpoint: str | None,
    state: WatcherState | None,
    trail: Trail | None,
    owned: tuple[int, ...],
) -> Job:
    # What could not be asked is taken to be as it is configured.
    active = watcher.autostart if state is None else state.status not in ("stopped", "stopping")
    parts = [
        "when it exits" if watcher.respawn else "only when circus starts",
        f"{watcher.processes} processes" if watcher.processes > 1 else "",
        "" if active else "it is stopped",
    ]
    return Job(
        kind=KIND,
        id=watcher.name,
        scope=f"{daemon.config} at {endpoint or ENDPOINT}",
        where=Place(watcher.file, watcher.line, f"cmd = {watcher.command}"),
        command=watcher.command,
        trigger=", ".join(part for part in parts if part),
        enabled=active,
        restarts_on_exit=watcher.respawn,
        link=Link(LinkKind.OWNS_PROCESS) if trail is None else trail.link,
        confidence=Confidence.CERTAIN if trail is None or owned else trail.confidence,
        guarded=True,
        starts=owned,
        wanted=watcher.processes,
    )


def _configured(system: System, config: str, problems: list[str]) -> tuple[tuple[Watcher, ...], str | None]:
    """The watchers of a configuration and of what it includes, and the endpoint."""
    watchers: list[Watcher] = []
    endpoint: str | None = None
    waiting, seen = [config], set[str]()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        reading = system.read(path, _LIMIT)
        if not reading.complete:
            problems.append(f"{path} could not be read: {reading.problem}")
        facts = read_config(reading.value.decode(errors="backslashreplace"), path)
        watchers += facts.watchers
        endpoint = endpoint or facts.endpoint
        for pattern in facts.includes:
            waiting += system.paths(posixpath.join(posixpath.dirname(path), pattern))
    return tuple(watchers), endpoint


def _follow(system: System, service: Service, watcher: Watcher, config: str) -> Trail | None:
    folder = posixpath.dirname(config)
    directory = posixpath.join(folder, watcher.directory or "")
    command = _VARIABLE.sub("1", watcher.command)
    if watcher.shell:
        return follow(system, service, command, directory)
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = tuple(command.split())
    return follow_argv(system, service, words, directory)
