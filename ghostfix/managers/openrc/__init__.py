"""OpenRC: services and their supervise-daemon."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import CommandForm, ManagerCommand, ManagerProcess, ManagerSigns

_STARTS = frozenset({"start", "restart", "condrestart"})
_SCANS = frozenset({"status"})

SIGNS = ManagerSigns(
    kind="openrc",
    title="OpenRC service",
    processes=(ManagerProcess("supervise-daemon", "OpenRC's supervisor"),),
    variables=("RC_SVCNAME", "RC_SERVICE"),
    commands=(
        ManagerCommand(program="rc-service", starts=_STARTS, scans=_SCANS, form=CommandForm.NAME_FIRST),
        ManagerCommand(program="service", starts=_STARTS, scans=_SCANS, form=CommandForm.NAME_FIRST),
    ),
    init_scripts=True,
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.openrc import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((SIGNS,), _restarters)
