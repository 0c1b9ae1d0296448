"""Running instances: those that run at this moment, seen without reading anything else."""

from msgspec import structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.service import Service
from ghostfix.service.instance import roots, runs_service


def running_instances(system: System, service: Service) -> tuple[Process, ...]:
    """The top process of each instance that runs now, the oldest first."""
    processes = [known_better(system, service, process) for process in system.processes().value]
    return roots(ProcessTree(processes), system.caller().own_pids, service)


def known_better(system: System, service: Service, process: Process) -> Process:
    """With the details that show whether it is the service, where its command line leaves that open."""
    if not process.alive or not (
        runs_service(service, read_argv(process.argv), None)
        or runs_service(service, read_argv(process.argv), service.directory)
    ):
        return process
    return structs.replace(process, detail=system.detail(process))
