"""Scope: why a check has nothing to look at for a service, or None when it has."""

from ghostfix.model.service import Service


def always(_service: Service) -> str | None:
    """Every service has instances, restarters and a machine."""
    return None


def with_ports(service: Service) -> str | None:
    return None if service.ports else "the profile names no port"


def with_pidfiles(service: Service) -> str | None:
    return None if service.pidfiles else "the profile names no PID file"


def with_logs(service: Service) -> str | None:
    """A manager keeps what its services write, where the profile names no log."""
    return None if service.logs or service.manager != "none" else "the profile names no log"


def with_venv(service: Service) -> str | None:
    return None if service.environment.venv is not None else "the profile names no venv"


def with_packages(service: Service) -> str | None:
    if service.environment.venv is None:
        return "the profile names no venv"
    return None if service.environment.requires else "the profile names no required package"


def with_python(service: Service) -> str | None:
    """Only a service that runs in Python can be confused by Pythons."""
    by_script = service.script is not None and service.script.endswith(".py")
    python = service.module is not None or service.environment.venv is not None or by_script
    return None if python else "the service does not run in Python"


def with_health(service: Service) -> str | None:
    return None if service.health is not None else "the profile names no health URL"


def with_webhook(service: Service) -> str | None:
    return None if service.webhook is not None else "the profile names no webhook"


def with_instances(service: Service) -> str | None:
    return None if service.instances else "the profile wants no running instance"
