"""Presence: whether there is anything of a service on this machine."""

from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.model.errors import ProfileError
from ghostfix.model.snapshot import VenvState
from ghostfix.service.instance import instances
from ghostfix.service.profile import BUILT_IN


def require_presence(diagnosis: Diagnosis) -> None:
    """Raises ProfileError where a built-in profile was used and nothing of its service is here.

    A user without a profile and without a ghost runner reads one sentence then, not a page of failures.
    """
    service = diagnosis.service
    if not service.profile.startswith(BUILT_IN) or is_present(diagnosis):
        return
    ports = ", ".join(str(port) for port in service.ports)
    raise ProfileError(
        f"there is no ghostfix.toml in {service.directory} or above it, and nothing of the "
        f"built-in service {service.name} is on this machine: no process, nobody on port {ports}, no file",
        "describe your own service in a ghostfix.toml (docs/profile.md), or see it work: `ghostfix demo`",
    )


def is_present(diagnosis: Diagnosis) -> bool:
    """Whether a process, a listener, a file or a restarter of the service is there."""
    service, snapshot = diagnosis.service, diagnosis.snapshot
    venv = snapshot.environment.value.venv
    return bool(
        instances(snapshot, service)
        or any(listener.port in service.ports for listener in snapshot.listeners.value)
        or snapshot.pidfiles.value
        or snapshot.logs.value
        or snapshot.jobs
        or (venv is not None and venv.state is not VenvState.MISSING)
    )
