"""`ghostfix run`: commands that ghostfix itself starts again."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerSigns

SIGNS = ManagerSigns(kind="ghostfix", title="ghostfix", variables=("GHOSTFIX_RUN", "GHOSTFIX_STARTED"))


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.ghostfix_run import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)
