"""How pm2's applications ended: by its list, its own log, and what the applications wrote last."""

from collections.abc import Sequence

from ghostfix.managers.exit_words import exit_in_words, signal_in_words
from ghostfix.managers.log_tail import last_lines, tail_text
from ghostfix.managers.pm2.app import Pm2App
from ghostfix.managers.pm2.daemon import Pm2Daemon, daemons, listed
from ghostfix.managers.pm2.daemon_log import ProcessExit, last_exit
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.machine import System
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service

_LOG = 64 * 1024
"""So many bytes of the end of pm2's own log are read."""
_GIVEN_UP = "errored"
_WAITS = frozenset({"waiting restart", "launching"})


def last_ends(system: System, service: Service, jobs: tuple[Job, ...]) -> Reading[tuple[LastEnd, ...]]:
    """The last end of each application of these jobs, and of the one that the profile's manager names."""
    kind, _, named = service.manager.partition(":")
    wanted = {(job.scope, job.id) for job in jobs}
    adds = kind == "pm2" and named and named not in {job.id for job in jobs}
    if not wanted and not adds:
        return Reading(())
    found: list[LastEnd] = []
    problems: list[str] = []
    for daemon in daemons(system, system.processes().value):
        if not adds and daemon.home not in {scope for scope, _ in wanted}:
            continue
        reading = listed(system, daemon)
        if reading.problem is not None and system.caller().uid in (0, daemon.process.uid):
            problems.append(reading.problem)
        names = dict.fromkeys(
            app.name
            for app in reading.value
            if (daemon.home, app.name) in wanted or (adds and app.name == named)
        )
        log = tail_text(system, _log_of(daemon), _LOG) if names else ""
        for name in names:
            end = _end(system, daemon, [app for app in reading.value if app.name == name], log)
            found += [] if end is None else [end]
    return gathered(tuple(found), problems)


def _log_of(daemon: Pm2Daemon) -> str:
    return f"{daemon.home}/pm2.log"


def _end(system: System, daemon: Pm2Daemon, processes: Sequence[Pm2App], log: str) -> LastEnd | None:
    """The end of the process of an application that is worst off: given up, then most restarts."""
    ordered = sorted(processes, key=lambda app: (app.status != _GIVEN_UP, app.pid is not None))
    ends = (_end_of_process(system, daemon, app, log) for app in ordered)
    return next((end for end in ends if end is not None), None)


def _end_of_process(system: System, daemon: Pm2Daemon, app: Pm2App, log: str) -> LastEnd | None:
    exit_ = last_exit(log, app.name, app.pm_id)
    lives = app.status == "online" and app.pid is not None
    if exit_ is None and (app.exit_code is None or (lives and not app.restarts)):
        return None
    status = exit_.code if exit_ is not None else app.exit_code
    signal = exit_.signal if exit_ is not None else None
    kind, words = _told(exit_, status, signal)
    if app.status == _GIVEN_UP:
        after = f" after {app.restarts} restarts" if app.restarts else ""
        words += f"; pm2 gave up{after}"
    # A log may be younger than the end of this life: what lives has written into it since.
    tail = last_lines(system, app.output, None if lives else app.started)
    return LastEnd(
        kind=kind,
        manager="pm2",
        job=app.name,
        scope=daemon.home,
        reported_by="pm2 jlist" if exit_ is None else _log_of(daemon),
        words=words,
        at=None if exit_ is None else exit_.at,
        status=None if signal is not None else status,
        signal=signal,
        starts=app.restarts,
        given_up=app.status == _GIVEN_UP,
        restarting=app.status in _WAITS,
        lines=tail.lines,
        log=tail.log,
    )


def _told(exit_: ProcessExit | None, status: int | None, signal: str | None) -> tuple[EndKind, str]:
    if exit_ is not None and exit_.ordered:
        return EndKind.STOPPED, "pm2 was told to stop it"
    if signal is not None:
        return EndKind.SIGNALLED, signal_in_words(signal)
    return EndKind.EXITED, "it exited" if status is None else exit_in_words(status)
