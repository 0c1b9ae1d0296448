"""Why: what started a process, and what keeps it alive.

Only what the question needs is read: the process and its ancestors, one by one; the listening sockets; and of
the managers those to which the evidence points. The whole process table is read for a name, for a tree, and
for a process whose parent is gone.
"""

import posixpath
from functools import cache

from msgspec import structs

from ghostfix import __version__
from ghostfix.commands.why.explanation import Ancestor, Explanation, Socket, Usage, Why
from ghostfix.commands.why.git_branch import GitCheckout, checkout_of
from ghostfix.commands.why.process_stats import Descriptor, ProcessStats, process_stats
from ghostfix.commands.why.warnings import SeenProcess, cautions, is_loopback
from ghostfix.managers.keep_alive import KeptAlive, Lineage, kept_alive
from ghostfix.managers.process_role import role_of
from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.survey.target import processes_of

_COMMAND = 400
_LONGEST_CHAIN = 64


def why(system: System, target: str, *, tree: bool = False, thorough: bool = False) -> Why:
    """Explains every process that the target (``4711``, ``:5555``, a name) means.

    ``tree`` adds everything that lives with it. ``thorough`` asks every manager, not only those to which the
    evidence points. Raises GhostfixError when there is nothing to explain.
    """

    @cache
    def listeners() -> Reading[tuple[Listener, ...]]:
        return system.listeners()

    found = processes_of(system, target, listeners)
    problems = [found.problem] if found.problem is not None else []

    @cache
    def all_processes() -> ProcessTree:
        return ProcessTree(system.processes().value)

    explained = []
    for process in found.value:
        line = _line(system, process)
        kept = kept_alive(system, line, all_processes, thorough=thorough)
        problems += kept.problems
        whole = _tree(all_processes(), line) if tree else ()
        explained.append(_explanation(system, line, kept, listeners().value, whole))
    return Why(
        version=__version__,
        taken_at=system.now(),
        target=safe(target),
        processes=tuple(explained),
        problems=tuple(safe(problem) for problem in dict.fromkeys(problems)),
    )


def _line(system: System, process: Process) -> Lineage:
    """The process with its detail, and its ancestors, each read by its PID."""
    ancestors: list[Process] = []
    seen = {process.pid}
    above = process
    while above.ppid > 0 and above.ppid not in seen and len(ancestors) < _LONGEST_CHAIN:
        seen.add(above.ppid)
        parent = system.process(above.ppid)
        if parent is None or parent.id.started > above.id.started + 1.0:
            break  # the PID of the parent is another process's by now
        ancestors.append(parent)
        above = parent
    detailed = structs.replace(process, detail=system.detail(process))
    return Lineage(process=detailed, ancestors=tuple(ancestors))


def _explanation(
    system: System,
    line: Lineage,
    kept: KeptAlive,
    listeners: tuple[Listener, ...],
    tree: tuple[Ancestor, ...],
) -> Explanation:
    process, detail = line.process, line.detail
    stats = process_stats(system, process.pid)
    own = tuple(listener for listener in listeners if process.pid in listener.owners)
    sharing = tuple(each for each in listeners if each.port in {listener.port for listener in own})
    now = system.now()
    seen = SeenProcess(
        process=process,
        stats=stats,
        listeners=sharing,
        restarters=kept.restarters,
        now=now,
        changed=_changed(system, process, detail),
    )
    return Explanation(
        pid=process.pid,
        name=safe(process.name),
        command=_command(process),
        user=safe(process.user),
        uid=process.uid,
        ppid=process.ppid,
        state=process.state.value,
        started=process.id.started,
        age_s=round(max(0.0, now - process.id.started), 3),
        chain=tuple(_ancestor(member) for member in reversed(line.members)),
        kept_alive_by=tuple(_shown_restarter(restarter) for restarter in kept.restarters),
        summary=safe(kept.summary),
        signs=kept.signs,
        listeners=tuple(_socket(listener) for listener in own),
        cwd=_shown(detail.cwd),
        executable=_shown(detail.executable),
        interpreter=_shown(detail.interpreter),
        venv=_shown(_venv(system, detail)),
        git=_git(system, detail.cwd),
        container=_shown(detail.container),
        control_group=_shown(detail.control_group),
        terminal=_shown(stats.terminal),
        capabilities=stats.capabilities,
        usage=_usage(process, detail, stats, now),
        warnings=tuple(structs.replace(each, text=safe(each.text)) for each in cautions(seen)),
        descriptors=tuple(Descriptor(each.number, safe(each.target)) for each in stats.descriptors),
        tree=tree,
    )


def _ancestor(process: Process, depth: int = 0) -> Ancestor:
    role = role_of(process)
    return Ancestor(
        pid=process.pid,
        name=safe(process.name),
        kind=role.kind,
        role=safe(role.words),
        command=_command(process),
        user=safe(process.user),
        started=process.id.started,
        depth=depth,
    )


def _tree(all_processes: ProcessTree, line: Lineage) -> tuple[Ancestor, ...]:
    """The ancestors, one below the other, and below the process everything that it started."""
    rows = [_ancestor(member, depth) for depth, member in enumerate(reversed(line.members))]

    def below(pid: int, depth: int) -> None:
        for child in sorted(all_processes.children(pid), key=lambda each: each.pid):
            if child.pid != pid and depth < _LONGEST_CHAIN:
                rows.append(_ancestor(child, depth))
                below(child.pid, depth + 1)

    below(line.process.pid, len(line.members))
    return tuple(rows)


def _command(process: Process) -> str:
    return shown_argv(process.argv, _COMMAND) or f"[{safe(process.name)}]"


def _socket(listener: Listener) -> Socket:
    everywhere = listener.address in ("0.0.0.0", "::")  # noqa: S104 (names, no binding)
    reach = "loopback" if is_loopback(listener.address) else "all interfaces" if everywhere else "one address"
    return Socket(address=listener.address, port=listener.port, reach=reach, owners=listener.owners)


def _usage(process: Process, detail: ProcessDetail, stats: ProcessStats, now: float) -> Usage:
    age = max(now - process.id.started, 0.01)
    spent = stats.cpu_seconds
    return Usage(
        memory_bytes=process.memory_bytes,
        virtual_bytes=stats.virtual_bytes,
        shared_bytes=stats.shared_bytes,
        swapped_bytes=stats.swapped_bytes,
        threads=stats.threads,
        cpu_seconds=spent,
        cpu_percent=None if spent is None else round(100 * spent / age, 1),
        open_files=detail.open_file_count,
        open_file_limit=detail.open_file_limit,
        read_bytes=stats.read_bytes,
        written_bytes=stats.written_bytes,
        read_calls=stats.read_calls,
        write_calls=stats.write_calls,
    )


def _venv(system: System, detail: ProcessDetail) -> str | None:
    prefix = detail.prefix
    if prefix is None or system.status(f"{prefix}/pyvenv.cfg").value is None:
        return None
    return prefix


def _changed(system: System, process: Process, detail: ProcessDetail) -> str | None:
    """The program's file, or its script, when that was modified after the process had started."""
    paths = [detail.executable]
    invocation = read_argv(process.argv)
    if invocation is not None and invocation.script is not None and detail.cwd is not None:
        paths.append(posixpath.normpath(posixpath.join(detail.cwd, invocation.script)))
    for path in paths:
        status = None if path is None else system.status(path).value
        if status is not None and status.modified > process.id.started + 1.0:
            return path
    return None


def _git(system: System, cwd: str | None) -> GitCheckout | None:
    found = None if cwd is None else checkout_of(system, cwd)
    if found is None:
        return None
    return structs.replace(
        found,
        folder=safe(found.folder),
        branch=_shown(found.branch),
        worktree_of=_shown(found.worktree_of),
    )


def _shown_restarter(restarter: RestarterOfProcess) -> RestarterOfProcess:
    return structs.replace(
        restarter,
        id=safe(restarter.id),
        scope=safe(restarter.scope),
        file=_shown(restarter.file),
        text=safe(restarter.text),
        trigger=safe(restarter.trigger),
        hops=tuple(safe(hop) for hop in restarter.hops),
    )


def _shown(text: str | None) -> str | None:
    return None if text is None else safe(text)
