"""at: jobs that run once, at a time."""

from ghostfix.managers.interface import Manager, Parts
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns

SIGNS = ManagerSigns(
    kind="at",
    title="at job",
    processes=(ManagerProcess("atd", "at"),),
    restarts_what_it_started=False,
)


def _parts() -> Parts:
    from ghostfix.managers.at import jobs

    return Parts((jobs.RESTARTER,))


MANAGER = Manager((SIGNS,), _parts)
