"""OpenRC: the services that supervise-daemon keeps."""

import posixpath
from collections.abc import Iterator

from msgspec import structs

from ghostfix.managers.openrc.hold_service import HoldOpenrcService
from ghostfix.managers.openrc.state import Supervised, kept_words, read_argv
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import follow_argv
from ghostfix.service.instance import roots

KIND = "openrc"
_PROGRAM = "supervise-daemon"


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The running supervise-daemons whose program is the service."""
    running = roots(tree, system.caller().own_pids, service)
    found: list[Job] = []
    for process, supervised in _supervised(system, tree):
        below = {each.pid for each in tree.descendants(process.pid)}
        owned = tuple(each.pid for each in running if each.pid in below)
        trail = follow_argv(system, service, supervised.words, supervised.folder or "/")
        if trail is None and not owned:
            continue
        delay = "" if supervised.delay is None else f", {supervised.delay} s later"
        found.append(
            Job(
                kind=KIND,
                id=supervised.name,
                where=Place(f"/etc/init.d/{supervised.name}"),
                command=" ".join(supervised.words),
                trigger=f"when it exits{delay}",
                enabled=True,
                restarts_on_exit=True,
                link=Link(LinkKind.OWNS_PROCESS) if trail is None else trail.link,
                confidence=Confidence.CERTAIN if trail is None or owned else trail.confidence,
                guarded=True,
                starts=owned,
            )
        )
    return Reading(tuple(found))


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """``rc-service NAME stop``: supervise-daemon then ends with its program."""
    return (HoldOpenrcService(reason=reason, service=job.id),)


RESTARTER = Restarter(kind=KIND, title="OpenRC services (supervise-daemon)", jobs=jobs, hold=hold)


def _supervised(system: System, tree: ProcessTree) -> Iterator[tuple[Process, Supervised]]:
    for process in tree.by_pid.values():
        if not process.alive or not process.argv or posixpath.basename(process.argv[0]) != _PROGRAM:
            continue
        supervised = read_argv(process.argv)
        if supervised is None:
            continue
        if not supervised.words:
            kept = kept_words(system, supervised.name)
            again = read_argv((_PROGRAM, supervised.name, *kept[2:])) if kept[:1] == (_PROGRAM,) else None
            supervised = again or structs.replace(supervised, words=kept)
        yield process, supervised
