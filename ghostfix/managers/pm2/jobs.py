"""pm2: the applications that it keeps, those of its dump, and those of a configuration beside the service."""

import posixpath
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from ghostfix.managers.foreign_daemon import is_other_users, outside
from ghostfix.managers.pm2.app import CLUSTER_MODE, Pm2App, read_config, read_dump, schedule_in_words
from ghostfix.managers.pm2.daemon import Pm2Daemon, daemons, listed
from ghostfix.managers.pm2.hold_app import HoldPm2App
from ghostfix.managers.pm2.last_end import last_ends
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessId, ProcessTree
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.script import worst
from ghostfix.scripts.start_search import Trail, follow, follow_argv
from ghostfix.service.instance import roots

KIND = "pm2"
_LIMIT = 8 << 20
_CONFIGS = (
    "ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.config.mjs", "ecosystem.json",
    "process.json", "pm2.config.js", "pm2.json",
)  # fmt: skip


class _Home(Struct, frozen=True, kw_only=True):
    """One PM2_HOME: its daemon when it runs, what that lists, and what its dump would bring back."""

    path: str
    daemon: Pm2Daemon | None
    apps: tuple[Pm2App, ...] = ()
    dumped: tuple[Pm2App, ...] = ()


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The applications that run the service.

    Read are every pm2 that runs, the caller's own home, and the homes that the service's processes
    name: an application whose pm2 has died is one that is not started again.
    """
    running = roots(tree, system.caller().own_pids, service)
    found: list[Job] = []
    problems: list[str] = []
    notes: list[str] = []
    alive = {daemon.home: daemon for daemon in daemons(system, tree.by_pid.values())}
    away = {home: why for home, each in alive.items() if (why := outside(system, each.process)) is not None}
    for path in _homes(system, running, alive):
        if path in away:
            notes.append(away[path])
            continue
        daemon = alive.get(path)
        foreign = daemon is not None and is_other_users(system, service, KIND, daemon.process, running)
        home = _home(system, path, daemon, notes if foreign else problems)
        for name in dict.fromkeys(app.name for app in (*home.apps, *home.dumped)):
            job = _job(system, service, tree, home, name, running)
            if job is not None:
                found.append(job)
    configured, unfollowed = _configured(system, service, {job.id for job in found})
    note = "; ".join((*notes, *unfollowed)) or None
    return structs.replace(gathered((*found, *configured), problems), note=note)


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """Taken out of pm2 and of its dump: a mere stop would leave ``cron_restart`` armed."""
    return (HoldPm2App(reason=reason, app=job.id, home=job.scope),) if job.enabled else ()


RESTARTER = Restarter(
    kind=KIND, title="pm2 applications", jobs=jobs, hold=hold, last_ends=last_ends, counts_restarts=True
)


def _homes(system: System, running: Iterable[Process], alive: Iterable[str]) -> tuple[str, ...]:
    caller = system.caller()
    own = system.variable("PM2_HOME") or f"{caller.home}/.pm2"
    named = [(process.detail or system.detail(process)).variable("PM2_HOME") for process in running]
    left = [home for home in (*named, own) if home and system.status(f"{home}/dump.pm2").value is not None]
    return tuple(dict.fromkeys((*alive, *left)))


def _home(system: System, path: str, daemon: Pm2Daemon | None, problems: list[str]) -> _Home:
    apps: tuple[Pm2App, ...] = ()
    if daemon is not None:
        reading = listed(system, daemon)
        apps = reading.value
        # Somebody else's pm2 starts what that user may start; it is said, and not missed.
        if reading.problem is not None and system.caller().uid in (0, daemon.process.uid):
            problems.append(reading.problem)
    dump = system.read(f"{path}/dump.pm2", _LIMIT)
    dumped = read_dump(dump.value.decode(errors="backslashreplace")) if dump.value.strip() else ()
    return _Home(path=path, daemon=daemon, apps=apps, dumped=dumped)


def _job(
    system: System, service: Service, tree: ProcessTree, home: _Home, name: str, running: Sequence[Process]
) -> Job | None:
    live = [app for app in home.apps if app.name == name]
    saved = next((app for app in home.dumped if app.name == name), None)
    app = live[0] if live else saved
    if app is None:
        return None
    trail = _follow(system, service, app, app.cwd or service.directory)
    owned = _owned(system, tree, home, name, {each.pid for each in live}, running)
    if not owned and (trail is None or any(tree.is_sister(each.pid) for each in live)):
        return None
    place = None
    if saved is not None:
        place = Place(f"{home.path}/dump.pm2", saved.line or None, f"{saved.name}: {saved.command}")
    return Job(
        kind=KIND,
        id=name,
        scope=home.path,
        where=place,
        command=app.command,
        trigger=_trigger(app, len(live), home, listed=bool(live)),
        enabled=home.daemon is not None and any(each.armed for each in live),
        restarts_on_exit=app.autorestart,
        link=trail.link if trail is not None else Link(LinkKind.OWNS_PROCESS),
        confidence=Confidence.CERTAIN if trail is None or owned else trail.confidence,
        guarded=True,
        starts=owned,
        wanted=max(1, len(live)),
        output=tuple(dict.fromkeys(path for each in live or [app] for path in each.output)),
        socket_owners=_socket_owners(home, live),
    )


def _socket_owners(home: _Home, live: Sequence[Pm2App]) -> tuple[ProcessId, ...]:
    """In cluster mode the daemon is Node's cluster primary: it has the socket, and its workers have none."""
    if home.daemon is None or not any(app.exec_mode == CLUSTER_MODE for app in live):
        return ()
    return (home.daemon.process.id,)


def _follow(system: System, service: Service, app: Pm2App, cwd: str) -> Trail | None:
    """pm2 gives a script that is a whole command line to bash."""
    if " " in app.script:
        return follow(system, service, app.command, cwd)
    return follow_argv(system, service, app.words, cwd)


def _owned(
    system: System,
    tree: ProcessTree,
    home: _Home,
    name: str,
    pids: set[int | None],
    running: Sequence[Process],
) -> tuple[int, ...]:
    """The instances below a process of the application, or left behind by a pm2 that has died."""
    present, left = [], []
    for process in running:
        above = {process.pid, *(each.pid for each in tree.ancestors(process.pid))}
        detail = process.detail or system.detail(process)
        named = detail.variable("name") == name and detail.variable("PM2_HOME") == home.path
        if above & pids:
            present.append(process.pid)
        elif named and detail.variable("pm_id") is not None:
            left.append(process.pid)
    return (*present, *left)


def _trigger(app: Pm2App, processes: int, home: _Home, *, listed: bool) -> str:
    parts = ["when it exits" if app.autorestart else ""]
    if app.cron_restart is not None:
        parts.append(f"{schedule_in_words(app.cron_restart)} (cron_restart)")
    if app.watch:
        parts.append("when a file changes")
    if processes > 1:
        parts.append(f"{processes} processes")
    if home.daemon is None:
        parts.append("pm2 itself does not run")
    elif not listed:
        parts.append("only at the next `pm2 resurrect`: it is in the dump alone")
    elif app.status in ("stopped", "errored"):
        parts.append("pm2 gave up: errored" if app.status == "errored" else "it is stopped")
    return ", ".join(part for part in parts if part) or "only when asked"


def _configured(system: System, service: Service, known: set[str]) -> tuple[list[Job], list[str]]:
    """What a configuration beside the service would start, were pm2 asked to, and what of it is not followed.

    No application is armed by it.
    """
    found: list[Job] = []
    unfollowed: list[str] = []
    for name in _CONFIGS:
        path = posixpath.join(service.directory, name)
        if system.status(path).value is None:
            continue
        config = read_config(
            system.read(path, _LIMIT).value.decode(errors="backslashreplace"), service.directory
        )
        for app in config.apps:
            cwd = posixpath.join(service.directory, app.cwd or "")
            trail = None if app.name in known else _follow(system, service, app, cwd)
            if trail is not None:
                found.append(_of_file(path, app, trail))
        unfollowed += [f"could not follow {each} in {path}" for each in config.unfollowed]
    return found, [] if found else unfollowed


def _of_file(path: str, app: Pm2App, trail: Trail) -> Job:
    return Job(
        kind=KIND,
        id=app.name,
        scope=path,
        where=Place(path, app.line or None, f"{app.name}: {app.command}"),
        command=app.command,
        trigger="only when pm2 is told to start this file",
        enabled=False,
        restarts_on_exit=app.autorestart,
        link=trail.link,
        confidence=worst(trail.confidence, Confidence.LIKELY if app.guessed else Confidence.CERTAIN),
        guarded=True,
    )
