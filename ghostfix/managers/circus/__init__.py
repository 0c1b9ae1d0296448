"""circus: the watchers of a circusd."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns

SIGNS = ManagerSigns(
    kind="circus",
    title="circus watcher",
    processes=(ManagerProcess("circusd", "circus"),),
    commands=(ManagerCommand(program="circusctl", starts=frozenset({"start", "restart"})),),
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.circus import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)
