"""Target: the process, port or name about which ``ghostfix why`` is asked."""

import posixpath
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from ghostfix.model.errors import ExitCode, GhostfixError, ProfileError
from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Listener, Process, ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.service.passwd import name_of

_USAGE = "It takes a PID (4711), a port (:5555), or the name of a service or a process."


class UnseenError(GhostfixError):
    """What was asked about is there, and cannot be seen by this user."""

    exit_code = ExitCode.COULD_NOT_LOOK


ReadListeners = Callable[[], Reading[tuple[Listener, ...]]]


class AmbiguousError(ProfileError):
    """A name that several processes have."""

    def __init__(self, name: str, choices: tuple[str, ...]) -> None:
        super().__init__(
            f"`{name}` is the name of {len(choices)} processes; choose one of them",
            "`ghostfix why PID` takes its number.",
        )
        self.choices = choices
        """A line for each: its PID and its command line."""


def processes_of(system: System, target: str, listeners: ReadListeners) -> Reading[tuple[Process, ...]]:
    """The processes that the target names, by PID; raises GhostfixError when it names none, or too many.

    ``listeners`` gives the machine's listening sockets; it is called only when they are needed.
    """
    if target.startswith(":"):
        return _of_port(system, target, listeners)
    if target.isascii() and target.isdecimal():
        return Reading((_of_pid(system, int(target), listeners),))
    return Reading(_of_name(system, target))


def _of_pid(system: System, pid: int, listeners: ReadListeners) -> Process:
    process = system.process(pid)
    if process is not None:
        return process
    if 0 < pid < 65_536 and any(listener.port == pid for listener in listeners().value):
        raise ProfileError(f"there is no process {pid}", f"but port {pid} is taken: `ghostfix why :{pid}`")
    raise ProfileError(f"there is no process {pid}", "it may have ended; `ghostfix why NAME` looks by name")


def _of_port(system: System, target: str, listeners: ReadListeners) -> Reading[tuple[Process, ...]]:
    number = target[1:]
    if not (number.isascii() and number.isdecimal() and 0 < int(number) < 65_536):
        raise ProfileError(f"`{safe(target)}` is no port", "write it as a colon and a number: `:5555`")
    port = int(number)
    reading = listeners()
    rows = [listener for listener in reading.value if listener.port == port]
    if not rows:
        if not reading.complete and not reading.value:
            raise UnseenError(f"the listening sockets could not be read: {reading.problem}")
        raise ProfileError(f"nobody listens on port {port}", _ports_text(reading.value))
    pids = sorted({pid for row in rows for pid in row.owners})
    found = tuple(process for process in map(system.process, pids) if process is not None)
    unowned = [row for row in rows if not row.owners]
    problem = _owner_unknown(system, port, unowned) if unowned else None
    if not found:
        raise UnseenError(
            problem or f"who listens on port {port} has just ended", f"`sudo ghostfix why :{port}` sees more"
        )
    return Reading(found, problem, complete=problem is None)


def _owner_unknown(system: System, port: int, rows: Sequence[Listener]) -> str:
    users = {row.uid for row in rows if row.uid is not None}
    whose = sorted(name_of(system, uid) or f"uid {uid}" for uid in users)
    of = f" (it belongs to {', '.join(whose)})" if whose else ""
    return f"somebody listens on port {port}, and who it is needs more privilege to see{of}"


def _ports_text(listeners: Iterable[Listener]) -> str:
    ports = sorted({listener.port for listener in listeners})
    if not ports:
        return "no port is listened on at all."
    listed = ", ".join(str(port) for port in ports[:12])
    return f"Ports that are listened on: {listed}{', ...' if len(ports) > 12 else ''}"


def _of_name(system: System, name: str) -> tuple[Process, ...]:
    if not name.strip():
        raise ProfileError("the target is empty", _USAGE)
    caller = system.caller()
    own = caller.own_pids
    tree = ProcessTree(system.processes().value)
    of_service = _of_service(system, name, tree, own)
    if of_service is not None:
        return of_service
    everyone = [process for process in tree.by_pid.values() if process.pid != caller.pid]
    others = [process for process in everyone if process.pid not in own]
    found = _tops(tree, [process for process in everyone if name in _names(process)])
    found = found or _tops(tree, [process for process in others if _has_word(process, name)])
    if not found:
        raise ProfileError(f"there is no process or service called `{safe(name)}`", _nearest(others, name))
    if len(found) > 1:
        raise AmbiguousError(safe(name), tuple(_choice(process) for process in found))
    return found


def _of_service(
    system: System, name: str, tree: ProcessTree, own: tuple[int, ...]
) -> tuple[Process, ...] | None:
    """The instances of the profile's service of that name; None when the profile has none."""
    from ghostfix.service import profile
    from ghostfix.service.instance import roots

    try:
        services = profile.load(system, name, None)
    except ProfileError:
        return None
    detailed = _with_details(system, tree)
    found = tuple(process for service in services for process in roots(detailed, own, service))
    if not found and not any(name in _names(process) for process in tree.by_pid.values()):
        raise ProfileError(
            f"the service `{safe(name)}` is not running: no process of it was found",
            f"`ghostfix diagnose {safe(name)}` says why.",
        )
    return found or None


def _with_details(system: System, tree: ProcessTree) -> ProcessTree:
    """Details for what has an interpreter's command line: only these need a folder to be recognised."""
    from msgspec import structs

    return ProcessTree(
        structs.replace(process, detail=system.detail(process)) if _is_scripted(process) else process
        for process in tree.by_pid.values()
    )


def _is_scripted(process: Process) -> bool:
    invocation = read_argv(process.argv)
    return invocation is not None and (invocation.module is not None or invocation.script is not None)


def _names(process: Process) -> set[str]:
    """What a person may call it: its name, its program's, its module's, its script's (ending or not)."""
    names = {process.name}
    invocation = read_argv(process.argv)
    if invocation is None:
        return names
    names.add(invocation.name.lstrip("-"))
    if invocation.script is not None:
        base = posixpath.basename(invocation.script)
        names |= {base, base.rpartition(".")[0] or base}
    if invocation.module is not None:
        names |= {invocation.module, invocation.module.removesuffix(".__main__").rpartition(".")[2]}
    return names


def _has_word(process: Process, name: str) -> bool:
    return any(name in (word, posixpath.basename(word)) for word in process.argv)


def _tops(tree: ProcessTree, found: Sequence[Process]) -> tuple[Process, ...]:
    """Of processes below one another only the topmost: workers are not chosen apart from their master."""
    pids = {process.pid for process in found}
    return tuple(
        sorted(
            (
                process
                for process in found
                if not any(above.pid in pids for above in tree.ancestors(process.pid))
            ),
            key=lambda process: process.pid,
        )
    )


def _choice(process: Process) -> str:
    return f"{process.pid:>7}  {shown_argv(process.argv, 100) or safe(process.name)}"


def _nearest(others: Sequence[Process], name: str) -> str:
    known = sorted({each for process in others for each in _names(process) if each})
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    near = near or [each for each in known if len(name) > 2 and name.lower() in each.lower()][:3]
    if near:
        return "Did you mean " + " or ".join(f"`ghostfix why {safe(each)}`" for each in near) + "?"
    return _USAGE
