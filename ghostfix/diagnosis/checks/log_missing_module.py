"""The log says that a module could not be imported.

What it finds
-------------
``ModuleNotFoundError``, ``No module named``, node's ``Cannot find module``, and how Perl, Ruby, Java and
uvicorn say it, since the last start. Not flagged: an import that the program catches and logs below the level
ERROR.

Why it matters
--------------
The service runs from an interpreter without its packages, or a deployment forgot one.

How ghostfix repairs it
-----------------------
By what led to it: ``wrong-interpreter``, ``missing-venv`` and ``missing-package`` have the steps. A module
that the profile does not require is named, so that it can be added to ``environment.requires``.

How to prevent it
-----------------
List every package that the service needs in ``environment.requires``.
"""

from ghostfix.diagnosis.applicability import with_logs
from ghostfix.diagnosis.log_faults import FaultFamily, LogFaults, faults, module_of
from ghostfix.diagnosis.log_finding import log_finding
from ghostfix.diagnosis.repair_steps import no_steps
from ghostfix.model.finding import Check, Finding, Group, Severity
from ghostfix.model.reading import Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import LoggedError, Snapshot

CODE = "log-missing-module"


def find(snapshot: Snapshot, service: Service) -> tuple[Finding, ...]:
    return tuple(
        log_finding(
            CODE, fault, _cause(fault, service), snapshot, service, short=f"no module {_module(fault)}"
        )
        for fault in faults(snapshot, service, FaultFamily.MISSING_MODULE)
    )


def _module(fault: LogFaults) -> str:
    return module_of(fault.errors[0]) or "found"


def _is_python(error: LoggedError) -> bool:
    return (
        error.exception.endswith(("ModuleNotFoundError", "ImportError")) or "No module named" in error.message
    )


def _cause(fault: LogFaults, service: Service) -> str:
    module = _module(fault)
    if not _is_python(fault.errors[0]):
        return f"The program does not find {module}: it was not installed, or lies elsewhere."
    if service.environment.venv is None:
        return f"The Python that runs the service does not have {module}."
    if any(requirement.lower().startswith(module.lower()) for requirement in service.environment.requires):
        return f"The Python that ran the service does not have {module}, which the profile requires."
    return f"The Python that ran the service lacks {module}; if it needs it, add it to environment.requires."


CHECK = Check(
    code=CODE,
    title="Missing modules",
    group=Group.LOGS,
    severity=Severity.ERROR,
    needs=(Source.LOGS,),
    find=find,
    repair=no_steps,
    applies=with_logs,
    leads_to=("crash-loop", "flapping", "health-degraded", "not-running"),
    page=__doc__,
)
