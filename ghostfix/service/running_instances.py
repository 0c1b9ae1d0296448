"""Running instances: those that run at this moment, seen without reading anything else."""

from msgspec import structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.service import Service
from ghostfix.service.instance import roots, runs_service
from ghostfix.service.proof import may_be_titled, with_proof


def running_instances(system: System, service: Service) -> tuple[Process, ...]:
    """The top process of each instance that runs now, the oldest first."""
    processes = [known_better(system, service, process) for process in system.processes().value]
    return roots(ProcessTree(processes), system.caller().own_pids, service)


def known_better(system: System, service: Service, process: Process) -> Process:
    """With the details that show whether it is the service, where its command line leaves that open."""
    if not process.alive:
        return process
    invocation = read_argv(process.argv)
    if runs_service(service, invocation, None) or runs_service(service, invocation, service.directory):
        return structs.replace(process, detail=system.detail(process))
    if may_be_titled(service, process):
        return structs.replace(process, detail=with_proof(system, service, process))
    return process
