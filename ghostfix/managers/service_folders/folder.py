"""Service folders: what runit, s6 and daemontools have in common.

Each runs one supervising process per service, whose working directory is the service's folder; it runs the
folder's ``run`` again whenever that ends, unless it was ordered to stay down. A file ``down`` in the folder
keeps a supervising process that is started anew from running it.
"""

import posixpath

from msgspec import Struct

from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import System, has_ended
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.reading import Confidence, Reading, gathered
from ghostfix.model.service import Service
from ghostfix.scripts.start_search import search_argv
from ghostfix.service.instance import roots
from ghostfix.service.trust import runner

_STATUS_LIMIT = 256


class Suite(Struct, frozen=True, kw_only=True):
    """One of the three: its supervising program, and the orders to it (the folder's path follows)."""

    kind: str
    supervisor: str
    down: tuple[str, ...]
    up: tuple[str, ...]
    again: tuple[str, ...]
    """Ends what runs, and runs it again; what is down stays down."""
    state: tuple[str, ...] = ()
    """The question for its state, where the file ``supervise/status`` does not say it."""


RUNIT = Suite(kind="runit", supervisor="runsv", down=("sv", "down"), up=("sv", "up"), again=("sv", "term"))
S6 = Suite(
    kind="s6",
    supervisor="s6-supervise",
    down=("s6-svc", "-d"),
    up=("s6-svc", "-u"),
    again=("s6-svc", "-t"),
    state=("s6-svstat", "-o", "up,wantedup,pid"),
)
DAEMONTOOLS = Suite(
    kind="daemontools", supervisor="supervise", down=("svc", "-d"), up=("svc", "-u"), again=("svc", "-t")
)
SUITES = {suite.kind: suite for suite in (RUNIT, S6, DAEMONTOOLS)}


class FolderState(Struct, frozen=True):
    """What a supervising process says of its service."""

    up: bool
    wanted: bool
    """It runs the service again when it ends."""
    pid: int | None = None


def state_of(suite: Suite, system: System, folder: str) -> Reading[FolderState | None]:
    """The state that the supervising process keeps for its own control program.

    ``s6-svstat`` opens ``supervise/lock`` and ``supervise/status`` wherever a link leads (strace of s6 2.11),
    also to a device, which does something when it is opened. So it is run as the folder's owner.
    """
    if suite.state:
        whose = runner(system, (folder,))
        if not whose.complete:
            return Reading(None, f"{folder}: {suite.state[0]} was not run: {whose.problem}", complete=False)
        answer = system.ask((*suite.state, folder), timeout=5.0, user=whose.value)
        words = answer.text.split()
        if answer.status != 0 or len(words) != 3:
            return Reading(None, f"{folder}: {suite.state[0]}: {answer.complaint}", complete=False)
        up, pid = words[0] == "true", int(words[2])
        return Reading(FolderState(up, words[1] == "true", pid if up and pid > 0 else None))
    path = f"{folder}/supervise/status"
    reading = system.read(path, _STATUS_LIMIT)
    if not reading.complete or len(reading.value) < 18:
        return Reading(None, reading.problem or f"{path} is too short", complete=False)
    return Reading(read_status(reading.value))


def read_status(content: bytes) -> FolderState:
    """The file ``supervise/status`` of runit and daemontools.

    Twelve bytes of time, the PID (little-endian, 0 when down), a byte for "paused", then what is wanted:
    ``u`` or ``d``, or 0 as long as no order was given (runit's runsv.c, daemontools' supervise.c).
    """
    pid = int.from_bytes(content[12:16], "little")
    wanted = content[17:18]
    return FolderState(pid != 0, wanted == b"u" or (wanted == b"\0" and pid != 0), pid or None)


def jobs_of(suite: Suite, system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The supervised folders whose ``run`` leads to the service, or whose process is an instance of it."""
    running = roots(tree, system.caller().own_pids, service)
    found: list[Job] = []
    problems: list[str] = []
    for process in tree.by_pid.values():
        if not process.alive or not process.argv or posixpath.basename(process.argv[0]) != suite.supervisor:
            continue
        folder = system.detail(process).cwd
        if folder is None and has_ended(system, process):
            continue
        if folder is None:
            problems.append(f"the folder of {suite.supervisor} (pid {process.pid}) could not be seen")
            continue
        below = {each.pid for each in tree.descendants(process.pid)}
        owned = tuple(each for each in running if each.pid in below)
        found += _job(suite, system, service, folder, owned, problems)
    return gathered(tuple(found), problems)


def _job(
    suite: Suite,
    system: System,
    service: Service,
    folder: str,
    owned: tuple[Process, ...],
    problems: list[str],
) -> tuple[Job, ...]:
    run = f"{folder}/run"
    search = search_argv(system, service, (run,), folder)
    if search.trail is None and not owned:
        problems += search.problems
        return ()
    state = state_of(suite, system, folder)
    if state.problem is not None:
        problems.append(state.problem)
    stays_down = system.status(f"{folder}/down").value is not None
    wanted = bool(owned) if state.value is None else state.value.wanted
    return (
        Job(
            kind=suite.kind,
            id=posixpath.basename(folder),
            scope=folder,
            where=Place(run),
            command=run,
            trigger=_trigger(suite, wanted, stays_down),
            enabled=wanted or not stays_down,
            restarts_on_exit=wanted,
            link=search.trail.link if search.trail is not None else Link(LinkKind.OWNS_PROCESS),
            confidence=Confidence.CERTAIN if owned or search.trail is None else search.trail.confidence,
            guarded=True,
            starts=tuple(process.pid for process in owned),
        ),
    )


def _trigger(suite: Suite, wanted: bool, stays_down: bool) -> str:
    parts = ["a second after it exits" if wanted else "told to stay down"]
    if not stays_down:
        parts.append(f"when its {suite.supervisor} starts")
    return ", ".join(parts)
