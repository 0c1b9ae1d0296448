"""`ghostfix run`: commands that ghostfix itself starts again."""

from ghostfix.managers.interface import Manager, Parts
from ghostfix.model.manager_signs import ManagerSigns

SIGNS = ManagerSigns(kind="ghostfix", title="ghostfix run", variables=("GHOSTFIX_RUN", "GHOSTFIX_STARTED"))


def _parts() -> Parts:
    from ghostfix.managers.ghostfix_run import jobs

    return Parts((jobs.RESTARTER,))


MANAGER = Manager((SIGNS,), _parts)
