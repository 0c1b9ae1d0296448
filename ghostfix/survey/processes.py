"""Processes: all of them, and the details of those that have to do with the service."""

import posixpath

from msgspec import Struct, structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Listener, Process, ProcessDetail, ProcessTree
from ghostfix.model.process_title import is_worker
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile
from ghostfix.service.instance import is_service, runs_service
from ghostfix.service.proof import may_be_titled
from ghostfix.survey import pidfiles
from ghostfix.survey.sisters import with_sisters

_CONSOLE_SCRIPT = 4096
"""Bytes that are read of a script that may be one; those that pip writes have about 250."""
_IMPORT = Pattern(r"(?m)^\s*(?:from|import)\s+([\w.]+)")


class Known(Struct, frozen=True):
    """What of one survey of a machine says whose details are wanted."""

    processes: Reading[tuple[Process, ...]]
    listeners: Reading[tuple[Listener, ...]]
    pidfiles: Reading[tuple[PidFile, ...]]


def collect(system: System, service: Service) -> Reading[tuple[Process, ...]]:
    """Every process; with ``detail`` those that may be the service's, as ``detailed`` gives them."""
    everyone = system.processes()
    listeners = system.listeners() if service.ports else Reading(())
    return detailed(system, service, Known(everyone, listeners, pidfiles.collect(system, service)))


def detailed(system: System, service: Service, known: Known) -> Reading[tuple[Process, ...]]:
    """Every process; with ``detail`` those that may be the service's, what is above them and what below.

    Candidates are: whose command line is the service's wherever it runs, who listens on its ports, whose PID
    is in its PID files, and workers in its folder. Details cost much more than the rest, so the other
    processes are left without.
    """
    reading = known.processes
    tree = ProcessTree(reading.value)
    wanted = {process.pid for process in reading.value if _may_be(system, service, process)}
    wanted |= {pid for each in known.listeners.value if each.port in service.ports for pid in each.owners}
    wanted |= {pidfile.pid for pidfile in known.pidfiles.value if pidfile.pid is not None}
    for pid in tuple(wanted):
        wanted.update(ancestor.pid for ancestor in tree.ancestors(pid))
        if pid > 1:  # every process descends from PID 1
            wanted.update(descendant.pid for descendant in tree.descendants(pid))
    looked_into = [
        structs.replace(process, detail=_detail(system, service, process, known))
        if process.pid in wanted
        else process
        for process in reading.value
    ]
    detailed = with_sisters(system, service, looked_into, known.listeners.value)
    hidden = _hidden(service, detailed)
    problems = [problem for problem in (reading.problem, hidden) if problem is not None]
    return Reading(detailed, "; ".join(problems) or None, reading.complete and hidden is None)


def _detail(system: System, service: Service, process: Process, known: Known) -> ProcessDetail:
    """Its details, with what of the profile is its: PID files, ports, and the modules of its script."""
    detail = system.detail(process)
    pidfiles = tuple(pidfile.path for pidfile in known.pidfiles.value if pidfile.pid == process.pid)
    listens = {each.port for each in known.listeners.value if process.pid in each.owners}
    ports = tuple(port for port in service.ports if port in listens)
    if not (pidfiles or ports):
        return detail
    return structs.replace(
        detail, pidfiles=pidfiles, ports=ports, imports=_imports(system, service, process, detail)
    )


def _imports(system: System, service: Service, process: Process, detail: ProcessDetail) -> tuple[str, ...]:
    """What the console script of a Python package imports (entry points of its wheel); else nothing."""
    invocation = read_argv(process.argv)
    if service.module is None or invocation is None or not invocation.is_python or not invocation.script:
        return ()
    path = posixpath.join(detail.cwd or "/", invocation.script)
    text = system.read(path, _CONSOLE_SCRIPT).value.decode(errors="replace")
    return tuple(match[1] for match in _IMPORT.finditer(text))


def _hidden(service: Service, processes: tuple[Process, ...]) -> str | None:
    """Processes that might be the service, but whose details may not be read, when no other process is it."""
    if any(process.alive and is_service(service, process) for process in processes):
        return None
    namesakes = [
        f"pid {process.pid} of {process.user}"
        for process in processes
        if process.detail is not None
        and process.detail.cwd is None
        and process.alive
        and runs_service(service, read_argv(process.argv), None)
    ]
    if not namesakes:
        return None
    return f"the working directory of {', '.join(namesakes[:5])} cannot be seen; that needs privilege"


def _may_be(system: System, service: Service, process: Process) -> bool:
    if not process.alive or not process.argv:
        return False
    if runs_service(service, read_argv(process.argv), None) or may_be_titled(service, process):
        return True
    # A worker of the service is in its folder; that is read for a fifteenth of the cost of all details.
    return is_worker(process.argv) and system.cwd(process) in (service.directory, None)
