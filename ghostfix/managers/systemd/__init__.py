"""systemd: the units of the machine and of a user."""

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.interface import Adoption, Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import CommandForm, ManagerCommand, ManagerProcess, ManagerSigns
from ghostfix.model.snapshot import Snapshot

_STARTS = frozenset({"start", "restart", "reload-or-restart", "enable"})
# ``try-restart`` and ``condrestart`` start nothing that is down (systemctl(1)).

SIGNS = ManagerSigns(
    kind="systemd",
    title="systemd unit",
    processes=(ManagerProcess("systemd", "systemd, a user's"),),
    variables=("INVOCATION_ID", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM", "MANAGERPID"),
    job_sign="control group",
    commands=(
        ManagerCommand(
            program="systemctl",
            starts=_STARTS,
            scans=frozenset({"is-active", "status", "show", "is-failed", "list-units"}),
            only_with=(("enable", "--now"),),
        ),
        ManagerCommand(
            program="service",
            starts=_STARTS - {"enable"} | {"force-restart"},
            scans=frozenset({"status"}),
            form=CommandForm.NAME_FIRST,
        ),
    ),
    aliases=("systemd-user",),
    init_scripts=True,
    adopts_orphans=True,
)


def _is_first(snapshot: Snapshot) -> bool:
    """Whether the machine's systemd runs, and root asks."""
    first = snapshot.process(1)
    return snapshot.host.uid == 0 and first is not None and first.alive and first.name == "systemd"


def _is_of_the_user(snapshot: Snapshot) -> bool:
    """Whether a systemd of the user who asks runs."""
    uid = snapshot.host.uid
    return uid != 0 and any(
        process.alive and process.uid == uid and process.name == "systemd" and "--user" in process.argv
        for process in snapshot.processes.value
    )


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.systemd import jobs

    return (jobs.RESTARTER,)


def _adopters() -> tuple[Adopter, ...]:
    from ghostfix.managers.systemd import offer

    return offer.ADOPTERS


MANAGER = Manager(
    (SIGNS,),
    _restarters,
    _adopters,
    (Adoption("systemd", _is_first), Adoption("systemd-user", _is_of_the_user)),
)
