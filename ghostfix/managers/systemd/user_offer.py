"""systemd of a user: a unit in that user's ~/.config/systemd/user."""

from msgspec import structs

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_spec import JobWanted
from ghostfix.managers.systemd import offer as systemd
from ghostfix.managers.systemd.systemctl import scope_named, unit_folders
from ghostfix.model.machine import System

_LINGER = "/var/lib/systemd/linger"


def offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    caller = system.caller()
    if wanted.user not in ("", caller.user):
        return Unavailable(
            f"{wanted.name} belongs to {wanted.user}, whose systemd is {wanted.user}'s own to tell",
            f"`sudo -u {wanted.user} ghostfix adopt {wanted.name} --with systemd-user`",
        )
    scope = scope_named(system, f"user:{caller.user}")
    if scope is None:
        return Unavailable(
            f"no systemd of {caller.user} runs",
            f"`sudo loginctl enable-linger {caller.user}` starts it, now and at boot",
        )
    own = [folder for folder in unit_folders(system, scope) if folder.startswith(f"{scope.home}/")]
    folder = next((folder for folder in own if folder.endswith("/systemd/user")), None)
    if "@" in wanted.name:
        return Unavailable("a unit's name with @ is an instance of a template", "name the service otherwise")
    if folder is None:
        return Unavailable(f"the systemd of {caller.user} does not say where its units lie")
    mine = structs.replace(wanted, user="")
    made = systemd.unit_offer(mine, scope.name, folder, "default.target", systemd.version(system))
    if system.status(f"{_LINGER}/{caller.user}").value is None:
        note = (
            f"it ends when {caller.user} logs out: `loginctl enable-linger {caller.user}` "
            "lets it run from boot on"
        )
        return structs.replace(made, notes=(note,))
    return made


ADOPTER = Adopter(
    kind="systemd-user", title="the systemd of your user", enforces=systemd.ENFORCES, offer=offer
)
