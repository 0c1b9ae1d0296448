"""cron and anacron: lines that run at a time."""

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.cron.daemon import is_cron_daemon
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns
from ghostfix.model.snapshot import Snapshot

CRON = ManagerSigns(
    kind="cron",
    title="cron",
    processes=(ManagerProcess("cron", "cron"), ManagerProcess("crond", "cron")),
    restarts_what_it_started=False,
)
ANACRON = ManagerSigns(kind="anacron", title="anacron", processes=(ManagerProcess("anacron", "anacron"),))


def _runs(snapshot: Snapshot) -> bool:
    """Whether the daemon runs; on macOS it is itself a job of launchd's, which is the better manager."""
    return snapshot.host.platform == "linux" and any(map(is_cron_daemon, snapshot.processes.value))


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.cron import anacron_jobs, jobs

    return (jobs.RESTARTER, anacron_jobs.RESTARTER)


def _adopters() -> tuple[Adopter, ...]:
    from ghostfix.managers.cron import offer

    return (offer.ADOPTER,)


MANAGER = Manager(
    (CRON, ANACRON), _restarters, _adopters, (Adoption("cron", _runs, starts_again_at_once=False),)
)
