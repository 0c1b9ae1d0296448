"""pm2: the apps of a God daemon."""

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns
from ghostfix.model.pattern import Pattern
from ghostfix.model.snapshot import Snapshot

_GOD = Pattern(r"PM2 v[^:]*: God")

SIGNS = ManagerSigns(
    kind="pm2",
    title="pm2 app",
    # Its daemon calls itself "PM2 v5.4.3: God Daemon (/root/.pm2)" (pm2's lib/Daemon.js).
    processes=(ManagerProcess("PM2", "pm2"), ManagerProcess("pm2-runtime", "pm2")),
    variables=("PM2_HOME", "pm_id", "name", "pm_exec_path"),
    job_sign="name",
    commands=(
        ManagerCommand(
            program="pm2",
            starts=frozenset({"start", "restart", "reload", "resurrect", "startOrRestart", "startOrReload"}),
            scans=frozenset({"list", "ls", "jlist", "describe", "show", "pid", "status", "info"}),
            everything=frozenset({"all", "resurrect"}),
        ),
    ),
)


def _is_of_the_user(snapshot: Snapshot) -> bool:
    return any(
        process.alive and process.uid == snapshot.host.uid and process.argv and _GOD.match(process.argv[0])
        for process in snapshot.processes.value
    )


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.pm2 import jobs

    return (jobs.RESTARTER,)


def _adopters() -> tuple[Adopter, ...]:
    from ghostfix.managers.pm2 import offer

    return (offer.ADOPTER,)


MANAGER = Manager((SIGNS,), _restarters, _adopters, (Adoption("pm2", _is_of_the_user),))
