"""at: jobs that run once, at a time."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns

SIGNS = ManagerSigns(
    kind="at",
    title="at job",
    processes=(ManagerProcess("atd", "at"),),
    restarts_what_it_started=False,
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.at import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)
