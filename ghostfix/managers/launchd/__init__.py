"""launchd: the jobs of macOS."""

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns
from ghostfix.model.snapshot import Snapshot

SIGNS = ManagerSigns(
    kind="launchd",
    title="launchd job",
    processes=(ManagerProcess("launchd", "launchd"),),
    variables=("XPC_SERVICE_NAME",),
    commands=(
        ManagerCommand(
            program="launchctl",
            starts=frozenset({"start", "kickstart", "bootstrap", "load"}),
            scans=frozenset({"list", "print", "blame"}),
        ),
    ),
    adopts_orphans=True,
)


def _is_there(snapshot: Snapshot) -> bool:
    return snapshot.host.platform == "macos"


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.launchd import jobs

    return (jobs.RESTARTER,)


def _adopters() -> tuple[Adopter, ...]:
    from ghostfix.managers.launchd import offer

    return (offer.ADOPTER,)


MANAGER = Manager((SIGNS,), _restarters, _adopters, (Adoption("launchd", _is_there),))
