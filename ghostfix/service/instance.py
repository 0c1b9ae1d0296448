"""Instances: which processes are the service, each with its tree."""

import posixpath
from collections.abc import Container

from msgspec import Struct

from ghostfix.model.invocation import Invocation, read_argv
from ghostfix.model.process import Process, ProcessDetail, ProcessTree
from ghostfix.model.process_title import title_runs
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from ghostfix.service.match_search import SEARCHES, SEARCHING
from ghostfix.service.proof import mentions_module, runs_its_program

# Programs that read others: a command line of theirs that matches a pattern is about the service.
_ONLOOKERS = frozenset(
    {
        "grep", "egrep", "fgrep", "rg", "ag", "ack", "pgrep", "pkill", "tail", "head", "less", "more",
        "cat", "watch", "vi", "vim", "nvim", "nano", "emacs", "code", "ssh", "scp", "rsync", "man",
        "strace", "ltrace", "gdb", "lsof", "journalctl", "tee", "multitail", "ghostfix",
    }
)  # fmt: skip


_UNSEEN = "?"
"""Stands for a working directory that could not be seen: no path is below it."""


class Instance(Struct, frozen=True, kw_only=True):
    """One running copy of the service: the process at the top of its tree, and the tree."""

    root: Process
    members: tuple[Process, ...]
    """Its descendants: reloader children, workers, helpers."""
    ports: tuple[int, ...] = ()
    """The service's ports on which one of its processes listens."""
    socket_owners: tuple[int, ...] = ()
    """PIDs of its manager's processes that listen for it."""
    managed_by: str | None = None
    """``kind:id`` of the job that started or owns it, when that is known."""

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self.root, *self.members)


def runs_service(service: Service, invocation: Invocation | None, cwd: str | None) -> bool:
    """Whether a command, run in ``cwd`` (None: unknown), is this service.

    The same program with another working directory is another service, unless its script or its
    interpreter lies in the service's directory.
    """
    if invocation is None:
        return False
    if service.match is not None:
        words = " ".join(part for part in (invocation.program, *_what_runs(invocation)) if part)
        return invocation.name not in _ONLOOKERS and SEARCHES.found(service.match, words)
    if invocation.title is not None:
        return _titled(service, invocation, cwd)
    if service.module is not None:
        return _runs_module(service, service.module, invocation, cwd)
    if service.script is not None:
        return _runs_script(service, service.script, invocation, cwd)
    return bool(service.command) and _runs_command(service, invocation, cwd)


@worked_out_once
def instances(snapshot: Snapshot, service: Service) -> tuple[Instance, ...]:
    """The running instances, the oldest first, each with its tree, its ports and who started it."""
    return tuple(
        _instance(snapshot, service, root) for root in roots(snapshot.tree, snapshot.own_pids, service)
    )


def roots(tree: ProcessTree, own_pids: Container[int], service: Service) -> tuple[Process, ...]:
    """The top process of each instance, the oldest first: matching, without a matching ancestor."""
    matching = {process.pid for process in matching_processes(tree, own_pids, service)}
    tops = [
        tree.by_pid[pid]
        for pid in matching
        if not any(ancestor.pid in matching for ancestor in tree.ancestors(pid))
    ]
    return tuple(sorted(tops, key=lambda top: (top.id.started, top.pid)))


def matching_processes(tree: ProcessTree, own_pids: Container[int], service: Service) -> tuple[Process, ...]:
    """Every live process whose own command line is the service; ``own_pids`` never are.

    But PID 1 can be: in a container it is often the service, and above everybody, ghostfix included.
    """
    return tuple(
        process for process in _matching(tree, service) if process.pid == 1 or process.pid not in own_pids
    )


@worked_out_once
def _matching(tree: ProcessTree, service: Service) -> tuple[Process, ...]:
    return tuple(
        process for process in tree.by_pid.values() if process.alive and is_service(service, process)
    )


def is_service(service: Service, process: Process) -> bool:
    """Whether this process's own command line, in its own working directory, is the service.

    Where that directory may not be seen (another user's process), only a path in the command line that
    lies in the service's directory makes it one: its namesake elsewhere is another user's.
    """
    detail = process.detail
    invocation = read_argv(process.argv)
    if detail is not None and (detail.container is not None or detail.sister):
        return False
    if invocation is not None and (invocation.script or "").endswith(SEARCHING):
        return False
    cwd = None if detail is None else detail.cwd or _UNSEEN
    if runs_service(service, invocation, cwd):
        return True
    return detail is not None and service.match is None and _is_proven(service, process, detail)


def _is_proven(service: Service, process: Process, detail: ProcessDetail) -> bool:
    """Whether something else shows that it is the service, whose command line does not."""
    image = read_argv((detail.executable or "", *process.argv[1:]))
    if image is not None and process.argv and runs_service(service, image, detail.cwd or _UNSEEN):
        return True  # another argv[0] than that of its program
    if service.module is not None and image is not None and image.is_python:
        at_home = detail.cwd == service.directory or bool(detail.ports or detail.pidfiles)
        return at_home and mentions_module(service.module, (*process.argv[1:], *detail.imports))
    return runs_its_program(service, process, detail)


def _instance(snapshot: Snapshot, service: Service, root: Process) -> Instance:
    members = tuple(
        process
        for process in snapshot.tree.descendants(root.pid)
        if process.alive and process.pid not in snapshot.own_pids
    )
    jobs = [job for job in snapshot.jobs if root.pid in job.starts]
    socket_owners = tuple(owner.pid for job in jobs for owner in job.socket_owners)
    pids = {root.pid, *(member.pid for member in members), *socket_owners}
    ports = {
        listener.port
        for listener in snapshot.listeners.value
        if listener.port in service.ports and pids.intersection(listener.owners)
    }
    return Instance(
        root=root,
        members=members,
        ports=tuple(sorted(ports)),
        socket_owners=socket_owners,
        managed_by=f"{jobs[0].kind}:{jobs[0].id}" if jobs else None,
    )


def _what_runs(invocation: Invocation) -> tuple[str, ...]:
    before = ("-m", invocation.module) if invocation.module is not None else (invocation.script or "",)
    return (*before, *invocation.arguments)


def _titled(service: Service, invocation: Invocation, cwd: str | None) -> bool:
    """A title names its program and its arguments, but no folder: the process's own has to be right."""
    if invocation.title is None or not (cwd is None or cwd == service.directory):
        return False
    if service.module is not None:
        return title_runs(invocation.title, service.module, ())
    wanted = read_argv(service.command)
    if wanted is None:
        return False
    program = wanted.module or posixpath.basename(wanted.script or wanted.program)
    return title_runs(invocation.title, program, wanted.arguments)


def _runs_module(service: Service, module: str, invocation: Invocation, cwd: str | None) -> bool:
    if not invocation.is_python:
        return False
    if invocation.module in (module, f"{module}.__main__"):
        return cwd is None or cwd == service.directory or _lies_in(service.directory, invocation.program, cwd)
    if invocation.script is None:
        return False
    source = service.path(module.replace(".", "/"))
    return _absolute(invocation.script, cwd) in (f"{source}.py", f"{source}/__main__.py")


def _runs_script(service: Service, script: str, invocation: Invocation, cwd: str | None) -> bool:
    wanted = service.path(script)
    given = invocation.script if invocation.script is not None else invocation.program
    if cwd is None and not given.startswith("/"):
        return posixpath.normpath(given) == posixpath.normpath(script)
    return _absolute(given, cwd) == wanted


def _runs_command(service: Service, invocation: Invocation, cwd: str | None) -> bool:
    """The same program, and every word of the profile's command among its arguments, in that order."""
    wanted = read_argv(service.command)
    if wanted is None:
        return False
    if wanted.script is not None:
        if invocation.script is None or wanted.name != invocation.name:
            return False
        if not _runs_script(service, wanted.script, invocation, cwd):
            return False
    elif wanted.module is not None:
        if invocation.module != wanted.module or not (cwd is None or cwd == service.directory):
            return False
    else:
        names = {invocation.name, posixpath.basename(invocation.script or "")}
        if wanted.name not in names or not (cwd is None or cwd == service.directory):
            return False
    folder = service.directory if cwd is None else cwd
    remaining = iter(invocation.arguments)
    return all(
        any(_same_word(word, given, service, folder) for given in remaining) for word in wanted.arguments
    )


def _same_word(wanted: str, given: str, service: Service, cwd: str) -> bool:
    """The same argument, or the same path: one relative to its folder, the other in full."""
    if wanted == given:
        return True
    if not wanted.startswith("/") and not given.startswith("/"):
        return False
    return service.path(wanted) == _absolute(given, cwd)


def _absolute(path: str, cwd: str | None) -> str:
    return posixpath.normpath(posixpath.join(cwd or "", path))


def _lies_in(directory: str, path: str, cwd: str | None) -> bool:
    return "/" in path and _absolute(path, cwd).startswith(directory.rstrip("/") + "/")
