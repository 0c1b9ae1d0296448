"""Service folders: runit, s6 and daemontools, which supervise one folder a service."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import CommandForm, ManagerCommand, ManagerProcess, ManagerSigns

RUNIT = ManagerSigns(
    kind="runit",
    title="runit service",
    processes=(ManagerProcess("runsvdir", "runit"), ManagerProcess("runsv", "runit's supervisor")),
    commands=(
        ManagerCommand(
            program="sv",
            starts=frozenset({"start", "restart", "up", "once", "force-restart", "u"}),
            scans=frozenset({"status", "check"}),
        ),
    ),
)
S6 = ManagerSigns(
    kind="s6",
    title="s6 service",
    processes=(ManagerProcess("s6-svscan", "s6"), ManagerProcess("s6-supervise", "s6's supervisor")),
    commands=(ManagerCommand(program="s6-svc", starts=frozenset("uorT"), form=CommandForm.FLAGS),),
    adopts_orphans=True,
)
DAEMONTOOLS = ManagerSigns(
    kind="daemontools",
    title="daemontools service",
    processes=(
        ManagerProcess("svscan", "daemontools"),
        ManagerProcess("supervise", "daemontools' supervisor"),
    ),
    commands=(ManagerCommand(program="svc", starts=frozenset("uorT"), form=CommandForm.FLAGS),),
)


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.service_folders import jobs

    return jobs.RESTARTERS


MANAGER = Manager((RUNIT, S6, DAEMONTOOLS), _restarters)
