"""The managers that ghostfix knows, in the order in which a report names them: one line each."""

from functools import cache

from ghostfix.managers import (
    at,
    circus,
    containers,
    cron,
    forever,
    ghostfix_run,
    launchd,
    monit,
    openrc,
    pm2,
    service_folders,
    sessions,
    supervisord,
    systemd,
    watchdog,
)
from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerSigns

MANAGERS: tuple[Manager, ...] = (
    systemd.MANAGER,
    launchd.MANAGER,
    cron.MANAGER,
    at.MANAGER,
    supervisord.MANAGER,
    pm2.MANAGER,
    service_folders.MANAGER,
    monit.MANAGER,
    circus.MANAGER,
    openrc.MANAGER,
    containers.MANAGER,
    forever.MANAGER,
    ghostfix_run.MANAGER,
    watchdog.MANAGER,
    sessions.MANAGER,
)
SIGNS: tuple[ManagerSigns, ...] = tuple(signs for manager in MANAGERS for signs in manager.signs)
"""How each kind is recognised: what a machine is handed when it is made."""
ADOPTIONS: tuple[Adoption, ...] = tuple(each for manager in MANAGERS for each in manager.adoptions)


@cache
def restarters() -> tuple[Restarter, ...]:
    """Each kind's way to read its jobs and to hold them; loads every manager's modules."""
    return tuple(each for manager in MANAGERS for each in manager.restarters())


@cache
def adopters() -> tuple[Adopter, ...]:
    """The managers to which a service can be given: what ``adopt --with`` takes."""
    return tuple(each for manager in MANAGERS for each in manager.adopters())
