"""Keep-alive: what keeps a process alive, and what will start it again when it ends.

The evidence comes first, because it is cheap: the control group names a systemd unit, the ancestors name a
manager, a shell or a terminal, the environment names what started it. Only the managers to which the
evidence points are asked. A process whose parent is gone may come from any crontab line and any loop, so for
that one these two are always read.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from ghostfix.managers import containers, register, service_folders
from ghostfix.managers.process_role import Role, role_of
from ghostfix.managers.register import SIGNS
from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.managers.service_of_process import is_part_of, service_like
from ghostfix.managers.systemd.unit_of_process import left_in, restarters_of_unit, unit_of
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessDetail, ProcessTree
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service

_ENGINES = frozenset(signs.kind for signs in containers.MANAGER.signs if signs.commands)
_NAMED_BY = {signs.variables[0]: signs.kind for signs in SIGNS if signs.variables and signs.starts_again}
"""The variable by which each manager gives itself away to what it starts. Descendants inherit it."""


_AFTER_THE_MINUTE = 3.0
"""Seconds after the minute in which a job of cron has come to its first process."""


class KeptAlive(Struct, frozen=True, kw_only=True):
    """What was found of the restarters of a process."""

    restarters: tuple[RestarterOfProcess, ...] = ()
    """What started it, or will start it again; the surest first."""
    summary: str
    """The same in one sentence; it says so when nothing does."""
    signs: tuple[str, ...] = ()
    """The evidence, without values: environment variables, the control group."""
    problems: tuple[str, ...] = ()
    """What could not be read, and why."""


class Lineage(Struct, frozen=True, kw_only=True):
    """A process with its detail, and its ancestors, the parent first, as far as they could be seen."""

    process: Process
    ancestors: tuple[Process, ...]

    @property
    def detail(self) -> ProcessDetail:
        return self.process.detail or ProcessDetail()

    @property
    def members(self) -> tuple[Process, ...]:
        return (self.process, *self.ancestors)

    def nearest(self) -> tuple[Process, Role] | None:
        """The nearest ancestor that manages processes, or is a person's session."""
        for ancestor in self.ancestors:
            role = role_of(ancestor)
            if role.manages or role.is_session:
                return ancestor, role
        return None

    @property
    def is_left_alone(self) -> bool:
        """Whether what started the service has ended: it was handed to the first process, or its like."""
        members = self.members
        above = members[members.index(self.top()) + 1 :][:1]
        return self.process.pid != 1 and bool(above) and _adopts(above[0])

    @property
    def may_be_of_cron(self) -> bool:
        """Whether the topmost process below the first one was left alone, and started with a minute."""
        heads = [member for member in self.members if not _adopts(member)]
        return bool(heads) and heads[-1].id.started % 60 < _AFTER_THE_MINUTE

    def top(self) -> Process:
        """The service itself: the process, or the topmost above it of which it is a worker or a copy."""
        found = self.process
        for ancestor in self.ancestors:
            if ancestor.pid == 1 or not is_part_of(found, ancestor):
                break
            found = ancestor
        return found


def _adopts(process: Process) -> bool:
    """Whether orphans are handed to it."""
    return process.pid == 1 or role_of(process).adopts_orphans


def kept_alive(
    system: System,
    line: Lineage,
    everyone: Callable[[], ProcessTree],
    *,
    thorough: bool = False,
    service: Service | None = None,
) -> KeptAlive:
    """What keeps this process alive. ``thorough`` asks every manager that ghostfix knows.

    ``service`` is the process's own where it is known; else it is worked out from the process.
    ``everyone`` gives the processes of the machine; it is called only when they are needed.
    """
    detail = line.detail
    signs = tuple(name for each in SIGNS for name in each.variables if detail.variable(name) is not None)
    problems: list[str] = []
    nearest = line.nearest()
    restarters: list[RestarterOfProcess] = []
    unit = unit_of(detail.control_group)
    if unit is not None:
        own = service or service_like(_detailed(system, line.top()))
        restarters += restarters_of_unit(system, unit, line.members, own, problems)
    kinds = _kinds(line, nearest, restarters, thorough=thorough)
    if kinds:
        restarters += _asked(system, line, kinds, everyone, problems, service)
    if detail.container is not None and not any(_covers(restarters, engine) for engine in _ENGINES):
        restarters.append(
            RestarterOfProcess(
                kind="container", id=detail.container[:12], text=detail.container, started=True
            )
        )
    elif (
        nearest is not None
        and nearest[1].manages
        and not _adopts(nearest[0])
        and not _covers(restarters, nearest[1].kind)
    ):
        restarters += _unnamed(system, nearest)
    restarters = _ranked(restarters)
    return KeptAlive(
        restarters=tuple(restarters),
        summary=_summary(line, restarters, nearest),
        signs=(*signs, *(("the control group",) if unit is not None else ())),
        problems=tuple(dict.fromkeys(problems)),
    )


def _kinds(
    line: Lineage,
    nearest: tuple[Process, Role] | None,
    restarters: Sequence[RestarterOfProcess],
    *,
    thorough: bool,
) -> frozenset[str]:
    """The kinds of managers that the evidence points to; ``*`` is all."""
    if thorough:
        return frozenset({"*"})
    kinds = {kind for name, kind in _NAMED_BY.items() if line.detail.variable(name) is not None}
    if line.detail.container is not None:
        kinds |= _ENGINES
    if nearest is not None and nearest[1].manages:
        kinds.add(nearest[1].kind)
    if any(role_of(above).kind in ("script", "shell-command", "program") for above in line.ancestors):
        kinds.add("watchdog")
    if not restarters and line.is_left_alone:
        kinds |= {"cron", "watchdog"}
    elif not restarters and nearest is None and line.may_be_of_cron:
        kinds.add("cron")
    return frozenset(kinds - {"container", "systemd"})


def _asked(
    system: System,
    line: Lineage,
    kinds: frozenset[str],
    everyone: Callable[[], ProcessTree],
    problems: list[str],
    service: Service | None,
) -> list[RestarterOfProcess]:
    """The jobs of these kinds of managers that lead to the process."""
    top = line.top()
    detailed = _detailed(system, top)
    service = service or service_like(detailed)
    if service is None:
        return []
    nearest = line.nearest()
    whole = kinds != {"watchdog"} or nearest is None or _adopts(nearest[0])
    tree = everyone() if whole else ProcessTree(line.members)
    known = {**tree.by_pid, **{each.pid: each for each in line.members}, top.pid: detailed}
    tree = ProcessTree(known.values())
    found: list[RestarterOfProcess] = []
    for restarter in register.restarters():
        if "*" not in kinds and restarter.kind not in kinds:
            continue
        try:
            reading = restarter.jobs(system, service, tree)
        except Exception as error:
            problems.append(f"{restarter.kind}: {type(error).__name__}: {error}")
            continue
        if not reading.complete and reading.problem is not None:
            problems.append(reading.problem)
        found += [_restarter_of(job, line, top) for job in reading.value]
    return found


def _detailed(system: System, process: Process) -> Process:
    return structs.replace(process, detail=process.detail or system.detail(process))


def _restarter_of(job: Job, line: Lineage, top: Process) -> RestarterOfProcess:
    pids = {each.pid for each in line.members}
    loops = {(loop.argv, loop.group) for loop in job.live}
    started = (
        top.pid in job.starts
        or any(own.pid in pids for own in job.processes)
        or any((above.argv, above.group) in loops for above in line.ancestors)  # the loop's own fork
    )
    # Whose child it is shows who started it, and not that it would do so again.
    sure = started and job.link.kind is not LinkKind.OWNS_PROCESS
    return RestarterOfProcess(
        kind=job.kind,
        id=job.id,
        scope=job.scope,
        file=None if job.where is None else job.where.file,
        line=None if job.where is None else job.where.line,
        text=job.command if job.where is None else job.where.text or job.command,
        trigger=job.trigger,
        hops=tuple(str(hop) for hop in job.link.hops),
        restarts_on_exit=job.restarts_on_exit,
        enabled=job.enabled,
        started=started,
        confidence=(Confidence.CERTAIN if sure else job.confidence).value,
    )


def _unnamed(system: System, nearest: tuple[Process, Role]) -> list[RestarterOfProcess]:
    """A manager that is an ancestor, though no configuration of its was found that leads here."""
    process, role = nearest
    name = f"pid {process.pid}"
    file = None
    if role.kind in {signs.kind for signs in service_folders.MANAGER.signs}:
        file = (process.detail or system.detail(process)).cwd
        name = process.argv[1] if len(process.argv) > 1 else name
    restarts = role.manager is not None and role.manager.restarts_what_it_started
    return [
        RestarterOfProcess(
            kind=role.kind,
            id=name,
            file=file,
            text=process.name,
            trigger="when it ends" if restarts else "",
            restarts_on_exit=restarts,
            started=True,
            confidence=Confidence.LIKELY.value,
        )
    ]


def _covers(restarters: Sequence[RestarterOfProcess], kind: str) -> bool:
    return any(restarter.kind == kind for restarter in restarters)


def _ranked(restarters: Sequence[RestarterOfProcess]) -> list[RestarterOfProcess]:
    unique = {
        (restarter.kind, restarter.scope, restarter.id): restarter for restarter in reversed(restarters)
    }
    order = [confidence.value for confidence in Confidence]
    return sorted(
        unique.values(),
        key=lambda restarter: (
            not restarter.enabled,
            not restarter.started,
            order.index(restarter.confidence),
        ),
    )


def _summary(
    line: Lineage, restarters: Sequence[RestarterOfProcess], nearest: tuple[Process, Role] | None
) -> str:
    armed = [restarter for restarter in restarters if restarter.enabled]
    again = [restarter for restarter in armed if restarter.restarts_on_exit or restarter.trigger]
    if again:
        return "; ".join(restarter.sentence for restarter in again)
    if line.process.pid == 1:
        return "nobody: it is the first process, and everything ends with it"
    if role_of(line.members[-1]).kind == "kernel":
        return "the kernel: it is one of its own threads"
    if nearest is not None and nearest[1].is_session:
        process, role = nearest
        where = _session_words(line, role)
        return f"nobody restarts it: it was started from {role.words} (pid {process.pid}){where}"
    held = "; ".join(restarter.sentence for restarter in restarters)
    if held:
        return f"nobody restarts it: {held}"
    if line.is_left_alone:
        left = left_in(line.detail.control_group)
        behind = f", left behind by {left}" if left else ""
        return f"nobody that could be seen: it runs in the background{behind}, and what started it has ended"
    parent = line.ancestors[0] if line.ancestors else None
    if parent is None:
        return "nobody that could be seen: its parent is not visible"
    return f"nobody that could be seen: {parent.name} (pid {parent.pid}) started it, and no manager is known"


def _session_words(line: Lineage, role: Role) -> str:
    kinds = {role_of(above).kind: role_of(above).words for above in line.ancestors}
    if "terminal" in kinds and role.kind != "terminal":
        return f" in {kinds['terminal']}, and lives as long as that does"
    if "ssh" in kinds and role.kind != "ssh":
        return " over ssh, and may end with that session"
    return ", and may end with it"
