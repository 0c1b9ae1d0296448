"""Draft: the profile of a service that runs and is well, read from the running service."""

import posixpath
import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from ghostfix.managers.register import restarters
from ghostfix.model.invocation import Invocation, read_argv
from ghostfix.model.job import Job
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessTree
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.secret_forms import MASK
from ghostfix.model.service import EnvironmentWanted, HealthWanted, Service
from ghostfix.service.instance import roots
from ghostfix.survey import processes
from ghostfix.survey.target import processes_of

# Programs that run a service of another name: their own name says nothing about it.
_SERVERS = frozenset(
    {"flask", "gunicorn", "uvicorn", "celery", "hypercorn", "daphne", "waitress", "http.server", "streamlit"}
)
_PLAIN = frozenset({"main", "app", "server", "run", "start", "index", "manage", "wsgi", "asgi", "__main__"})
_PIDFILES = ("*.pid", "run/*.pid", "pids/*.pid", "tmp/pids/*.pid", "var/run/*.pid")
_SYSTEM_PIDFILES = ("/run/*.pid", "/run/*/*.pid", "/run/user/*/*.pid")
_HEALTH_PATHS = ("/health", "/healthz", "/")
_LOG = Pattern(r"\.log(\.\d+)?$|\.(out|err)$")
_MOST_PORTS = 8


class Draft(Struct, frozen=True, kw_only=True):
    """A service as it was found, and what a reader of its profile ought to know."""

    service: Service
    process: Process
    hidden: bool
    """Arguments were left out, since a secret may be among them."""
    others: tuple[Job, ...]
    """Jobs that lead to the service, but were not seen to have started it."""


def draft(system: System, target: str) -> Draft:
    """Describes the service of a process (``4711``) or port (``:5555``).

    Raises GhostfixError when there is no such process, or what it runs is not known.
    """
    tree = ProcessTree(system.processes().value)
    process = _top(tree, processes_of(system, target, system.listeners).value[0])
    detail = system.detail(process)
    hidden = MASK in shown_argv(process.argv, 100_000)
    service, tree, running = _recognised(system, process, detail, hidden)
    members = [member for top in running for member in (top, *tree.descendants(top.pid)) if member.alive]
    listeners = _listeners(system, {member.pid for member in members})
    service = structs.replace(
        service,
        instances=len(running),
        ports=tuple(sorted({listener.port for listener in listeners})[:_MOST_PORTS]),
        pidfiles=_pidfiles(system, service, {member.pid for member in members}),
        logs=_logs(service, members),
        environment=EnvironmentWanted(venv=_venv(system, service, detail)),
        health=_health(system, listeners),
        start=() if hidden else _start(system, service, process, detail),
    )
    owners, others = _jobs(system, service, tree, {top.pid for top in running})
    manager = _manager(owners[0]) if owners else "none"
    service = structs.replace(service, logs=_with_output(system, service, owners))
    return Draft(
        service=structs.replace(service, manager=manager), process=process, hidden=hidden, others=others
    )


def _top(tree: ProcessTree, process: Process) -> Process:
    """The process above a worker, a reloader's child or a forked copy: the one that was started."""
    for parent in tree.ancestors(process.pid):
        mine, above = read_argv(process.argv), read_argv(parent.argv)
        if mine is None or above is None or parent.pid <= 1:
            break
        worker = (mine.title is not None and mine.title.worker) or "multiprocessing." in (mine.code or "")
        same = parent.argv == process.argv or _runs_the_same(mine, above)
        if not (worker or same):
            break
        process = parent
    return process


def _runs_the_same(mine: Invocation, above: Invocation) -> bool:
    return (mine.module, mine.script) == (above.module, above.script) != (None, None) and (
        mine.arguments == above.arguments
    )


def _recognised(
    system: System, process: Process, detail: ProcessDetail, hidden: bool
) -> tuple[Service, ProcessTree, tuple[Process, ...]]:
    """The shortest description that fits this process alone; else the one that fits the fewest."""
    own = system.caller().own_pids
    best: tuple[Service, ProcessTree, tuple[Process, ...]] | None = None
    for service in _descriptions(process, detail, hidden):
        tree = ProcessTree(processes.collect(system, service).value)
        running = roots(tree, own, service)
        if process.pid not in {top.pid for top in running}:
            continue
        if best is None or len(running) < len(best[2]):
            best = service, tree, running
        if len(running) == 1:
            break
    if best is None:
        from ghostfix.model.errors import ProfileError

        raise ProfileError(
            f"what process {process.pid} ({process.name}) runs cannot be told from its command line",
            "write the profile by hand (docs/profile.md), with `match` as a regular expression",
        )
    return best


def _descriptions(process: Process, detail: ProcessDetail, hidden: bool) -> Iterator[Service]:
    """From the shortest to the longest."""
    invocation = read_argv(process.argv)
    if invocation is None:
        return
    directory = detail.cwd or "/"
    empty = Service(name=_name(invocation, directory), profile="", directory=directory)
    arguments = () if hidden else invocation.arguments
    if invocation.title is not None:
        command = (invocation.title.program, *invocation.title.arguments)
        yield structs.replace(empty, command=command)
        return
    program = "python" if invocation.is_python else invocation.name
    if invocation.module is not None:
        if invocation.module not in _SERVERS:
            yield structs.replace(empty, module=invocation.module)
        yield structs.replace(empty, command=(invocation.name, "-m", invocation.module, *arguments))
    elif invocation.script is not None:
        tool = posixpath.basename(invocation.script)
        if program == "python" and "." not in tool and "/bin/" in f"/{invocation.script}":
            yield structs.replace(empty, command=(tool, *arguments))
        else:
            script = _within(posixpath.normpath(posixpath.join(directory, invocation.script)), directory)
            yield structs.replace(empty, script=script)
            yield structs.replace(empty, command=(invocation.name, script, *arguments))
    elif invocation.code is None:
        yield structs.replace(empty, command=(invocation.name, *arguments))


def _name(invocation: Invocation, directory: str) -> str:
    """What a person would call it: its module's or script's name, or its folder's when that is plain."""
    module = (invocation.module or "").removesuffix(".__main__")
    said = posixpath.basename(invocation.script or "").partition(".")[0] or module or invocation.name
    if invocation.title is not None or said in _SERVERS or said.rpartition(".")[2] in _PLAIN:
        said = module.partition(".")[0] if "." in module and module not in _SERVERS else ""
        said = said or posixpath.basename(directory)
    return re.sub(r"[^A-Za-z0-9_-]+", "-", said.rpartition(".")[2]).strip("-") or "service"


def _within(path: str, directory: str) -> str:
    """Relative where it lies in the service's directory."""
    return path.removeprefix(directory.rstrip("/") + "/")


def _listeners(system: System, pids: set[int]) -> tuple[Listener, ...]:
    return tuple(each for each in system.listeners().value if pids.intersection(each.owners))


def _pidfiles(system: System, service: Service, pids: set[int]) -> tuple[str, ...]:
    """The usual places for PID files, as far as the file there names one of these processes."""
    wanted = {str(pid).encode() for pid in pids}
    patterns = (*(service.path(pattern) for pattern in _PIDFILES), *_SYSTEM_PIDFILES)
    found = {
        _within(path, service.directory): None
        for pattern in patterns
        for path in system.paths(pattern)
        if system.read(path, 64).value.split(b"\n")[0].strip() in wanted
    }
    return tuple(found)


def _logs(service: Service, members: list[Process]) -> tuple[str, ...]:
    files = {
        _within(path, service.directory): None
        for member in members
        for path in (member.detail.open_files if member.detail is not None else None) or ()
        if _LOG.search(path)
    }
    return tuple(files)


def _with_output(system: System, service: Service, owners: tuple[Job, ...]) -> tuple[str, ...]:
    """The logs that it has open, and the files in which its managers keep what it prints."""
    kept = [path for job in owners for path in job.logs if system.status(path).value is not None]
    return tuple(dict.fromkeys((*service.logs, *(_within(path, service.directory) for path in kept))))


def _venv(system: System, service: Service, detail: ProcessDetail) -> str | None:
    prefix = detail.prefix
    if prefix is None or system.status(f"{prefix}/pyvenv.cfg").value is None:
        return None
    return _within(prefix, service.directory)


def _health(system: System, listeners: tuple[Listener, ...]) -> HealthWanted | None:
    """The first of the usual paths on one of its ports that answers with a JSON document."""
    for listener in listeners[:_MOST_PORTS]:
        for path in _HEALTH_PATHS:
            url = f"http://{_host(listener.address)}:{listener.port}{path}"
            answer = system.get(url, timeout=3.0)
            if answer.problem is None and answer.status == 200:
                document = _document(answer.body)
                if document is not None and (path != "/" or "status" in document):
                    return HealthWanted(url=url, expect=_expected(document))
    return None


def _host(address: str) -> str:
    if address in ("0.0.0.0", "*", ""):  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    if address == "::":
        return "localhost"
    return f"[{address}]" if ":" in address else address


def _document(body: str) -> dict[str, object] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        return None


def _expected(document: dict[str, object]) -> dict[str, str | int | float | bool]:
    status = document.get("status")
    return {"status": status} if isinstance(status, (str, bool, int, float)) else {}


def _start(system: System, service: Service, process: Process, detail: ProcessDetail) -> tuple[str, ...]:
    """Its own command line, the venv's interpreter called as the profile calls it; a title is none."""
    invocation = read_argv(process.argv)
    if invocation is None or invocation.title is not None:
        return ()
    first = process.argv[0]
    if invocation.is_python and _venv(system, service, detail) is not None:
        return ("{python}", *process.argv[1:])
    return (first, *process.argv[1:])


def _jobs(
    system: System, service: Service, tree: ProcessTree, running: set[int]
) -> tuple[tuple[Job, ...], tuple[Job, ...]]:
    """The jobs that started it, and those that only lead to it."""
    jobs = [job for restarter in restarters() for job in restarter.jobs(system, service, tree).value]
    owners = [job for job in jobs if running.intersection(job.starts)]
    others = [job for job in jobs if job.enabled and job not in owners]
    # A unit that only its socket starts owns the service without being armed itself.
    return tuple(sorted(owners, key=lambda job: not job.enabled)), tuple(others)


def _manager(job: Job) -> str:
    if job.kind == "cron":
        return "cron"
    whole = job.kind.startswith(("systemd", "launchd", "watchdog"))
    return f"{job.kind}:{job.id if whole else job.id.partition(':')[0]}"
