"""launchd: the jobs of macOS."""

from ghostfix.managers.interface import Adoption, Manager, Parts
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


def _parts() -> Parts:
    from ghostfix.managers.launchd import jobs, offer

    return Parts((jobs.RESTARTER,), (offer.ADOPTER,))


MANAGER = Manager((SIGNS,), _parts, (Adoption("launchd", _is_there),))
