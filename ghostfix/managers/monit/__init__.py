"""monit: the checks of a monit daemon."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns

SIGNS = ManagerSigns(
    kind="monit",
    title="monit check",
    processes=(ManagerProcess("monit", "monit"),),
    variables=("MONIT_SERVICE", "MONIT_EVENT"),
    commands=(
        ManagerCommand(
            program="monit", starts=frozenset({"start", "restart"}), everything=frozenset({"all"})
        ),
    ),
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.monit import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)
