"""supervisord: the programs of a supervisor daemon."""

import posixpath

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns
from ghostfix.model.snapshot import Snapshot

SIGNS = ManagerSigns(
    kind="supervisord",
    title="supervisord program",
    processes=(
        ManagerProcess("supervisord", "supervisord"),
        ManagerProcess("supervisor.supervisord", "supervisord"),
    ),
    variables=(
        "SUPERVISOR_PROCESS_NAME",
        "SUPERVISOR_ENABLED",
        "SUPERVISOR_GROUP_NAME",
        "SUPERVISOR_SERVER_URL",
    ),
    job_sign="SUPERVISOR_GROUP_NAME",
    commands=(
        ManagerCommand(
            program="supervisorctl",
            starts=frozenset({"start", "restart"}),
            scans=frozenset({"status", "pid"}),
            everything=frozenset({"all"}),
        ),
    ),
    aliases=("supervisor",),
)


def _is_of_the_user(snapshot: Snapshot) -> bool:
    return any(
        process.alive
        and process.uid == snapshot.host.uid
        and any(posixpath.basename(word) == "supervisord" for word in process.argv[:2])
        for process in snapshot.processes.value
    )


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.supervisord import jobs

    return (jobs.RESTARTER,)


def _adopters() -> tuple[Adopter, ...]:
    from ghostfix.managers.supervisord import offer

    return (offer.ADOPTER,)


MANAGER = Manager((SIGNS,), _restarters, _adopters, (Adoption("supervisord", _is_of_the_user),))
