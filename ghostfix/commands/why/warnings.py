"""Warnings: what about a process deserves attention. Pure: it judges what was read."""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.commands.why.process_stats import ProcessStats
from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessState
from ghostfix.report.quantity import size

_TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 (names to compare with)
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (names, no binding)
_LARGE = 1_000_000_000
_OFTEN = 5
_NEARLY_FULL = 0.8
_LONG = 90 * 86_400


class Caution(Struct, frozen=True):
    """One warning: a stable code, and a sentence."""

    code: str
    text: str


class SeenProcess(Struct, frozen=True, kw_only=True):
    """What the cautions are judged by."""

    process: Process
    stats: ProcessStats
    listeners: tuple[Listener, ...]
    restarters: tuple[RestarterOfProcess, ...]
    now: float
    changed: str | None = None
    """A file of its program that was changed after it had started."""

    @property
    def detail(self) -> ProcessDetail:
        return self.process.detail or ProcessDetail()


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches it."""
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def cautions(seen: SeenProcess) -> tuple[Caution, ...]:
    """Every warning about one process, the gravest first."""
    return (
        *_of_state(seen),
        *_of_files(seen),
        *_of_exposure(seen),
        *_of_restarters(seen),
        *_of_amounts(seen),
    )


def _of_state(seen: SeenProcess) -> Sequence[Caution]:
    process = seen.process
    if not process.alive:
        return [
            Caution("zombie", f"it has ended; its parent (pid {process.ppid}) has not taken note (a zombie)")
        ]
    if process.state is ProcessState.STOPPED:
        return [Caution("stopped", f"it is stopped, and does nothing; `kill -CONT {process.pid}` resumes it")]
    return []


def _of_files(seen: SeenProcess) -> list[Caution]:
    stats, detail = seen.stats, seen.detail
    found = []
    if stats.executable_deleted:
        found.append(Caution("executable-deleted", "its program was deleted or replaced since it started"))
    if stats.folder_deleted:
        found.append(Caution("folder-deleted", "its working directory was deleted"))
    if seen.changed is not None:
        found.append(
            Caution("program-changed", f"{seen.changed} was changed after it started: it runs the older one")
        )
    if stats.deleted_files:
        names = ", ".join(stats.deleted_files[:3])
        found.append(Caution("deleted-files", f"it still writes to or holds deleted files: {names}"))
    if stats.preloaded:
        found.append(
            Caution("preloaded", f"its environment changes what it loads: {', '.join(stats.preloaded)}")
        )
    temporary = _temporary(seen.process, detail)
    if temporary is not None:
        found.append(Caution("temporary-folder", f"it runs from a temporary folder: {temporary}"))
    return found


def _temporary(process: Process, detail: ProcessDetail) -> str | None:
    invocation = read_argv(process.argv)
    script = None if invocation is None else invocation.script
    for path in (detail.executable, script, detail.cwd):
        if path is not None and f"{path}/".startswith(_TEMPORARY):
            return path
    return None


def _of_exposure(seen: SeenProcess) -> list[Caution]:
    open_to_all = sorted({each.port for each in seen.listeners if each.address in _EVERYWHERE})
    root = seen.process.uid == 0
    ports = ", ".join(str(port) for port in open_to_all)
    found = []
    if open_to_all and root:
        found.append(
            Caution("root-on-all-interfaces", f"it runs as root, and is open to the network: {ports}")
        )
    elif open_to_all:
        found.append(Caution("all-interfaces", f"it is open to the network on all interfaces: {ports}"))
    elif root and seen.process.pid > 2 and seen.process.argv:
        found.append(Caution("root", "it runs as root"))
    owners = {port: set[int]() for port in (each.port for each in seen.listeners)}
    for each in seen.listeners:
        owners[each.port].update(each.owners)
    for port, pids in sorted(owners.items()):
        others = sorted(pids - {seen.process.pid})
        if others:
            listed = ", ".join(str(pid) for pid in others[:5])
            found.append(Caution("port-shared", f"port {port} is also held by pid {listed}"))
    return found


def _of_restarters(seen: SeenProcess) -> list[Caution]:
    found = []
    active = [restarter for restarter in seen.restarters if restarter.enabled and restarter.trigger]
    if len(active) > 1:
        names = ", ".join(f"{restarter.kind} {restarter.id}" for restarter in active[:5])
        found.append(Caution("several-restarters", f"{len(active)} restarters would start it again: {names}"))
    found += [
        Caution("many-restarts", f"{restarter.kind} {restarter.id} restarted it {restarter.restarts} times")
        for restarter in seen.restarters
        if restarter.restarts is not None and restarter.restarts > _OFTEN
    ]
    return found


def _of_amounts(seen: SeenProcess) -> list[Caution]:
    found = []
    detail = seen.detail
    if seen.process.memory_bytes > _LARGE:
        found.append(Caution("high-memory", f"it uses {size(seen.process.memory_bytes)} of memory"))
    count, limit = detail.open_file_count, detail.open_file_limit
    if count is not None and limit and count > _NEARLY_FULL * limit:
        found.append(Caution("open-files", f"it has {count} open files, its limit is {limit}"))
    if seen.now - seen.process.id.started > _LONG and seen.process.pid > 2 and seen.process.argv:
        found.append(Caution("long-running", "it has been running for more than 90 days"))
    return found
