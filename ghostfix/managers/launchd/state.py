"""What launchd knows of a job right now, as ``launchctl`` prints it."""

from ghostfix.managers.launchd.launchctl import (
    NOT_FOUND,
    NOT_LOADED,
    PrintedJob,
    meaning,
    parse_print,
    parse_print_disabled,
)
from ghostfix.model.machine import CommandAnswer, System
from ghostfix.model.reading import Reading

LAUNCHCTL = "launchctl"


def loaded_job(system: System, target: str) -> Reading[PrintedJob | None]:
    """The loaded job ``DOMAIN/LABEL``; None when it is not loaded, incomplete when that cannot be read."""
    answer = system.ask((LAUNCHCTL, "print", target))
    if answer.status == 0:
        return Reading(parse_print(answer.text))
    if answer.status in (NOT_FOUND, NOT_LOADED):
        return Reading(None)
    return Reading(None, f"launchctl print {target}: {complaint(answer)}", complete=False)


def disabled_flag(system: System, domain: str, label: str) -> Reading[bool | None]:
    """What ``launchctl enable`` or ``disable`` last said about a label; None when neither ever did."""
    answer = system.ask((LAUNCHCTL, "print-disabled", domain))
    if answer.status != 0:
        return Reading(None, f"launchctl print-disabled {domain}: {complaint(answer)}", complete=False)
    flags = {flag.label: flag.disabled for flag in parse_print_disabled(answer.text)}
    return Reading(flags.get(label))


def user_domain(system: System, uid: int) -> Reading[str]:
    """The domain of a user's agents: ``gui/UID`` after a login at the screen, else ``user/UID``."""
    for domain in (f"gui/{uid}", f"user/{uid}"):
        answer = system.ask((LAUNCHCTL, "print-disabled", domain))
        if answer.status == 0:
            note = None if domain.startswith("gui/") else f"there is no domain gui/{uid}; {domain} was asked"
            return Reading(domain, note)
    return Reading(f"gui/{uid}", f"the launchd domain of user {uid}: {complaint(answer)}", complete=False)


def complaint(answer: CommandAnswer) -> str:
    """Why launchctl did not do what it was asked, in words."""
    if answer.status is None or answer.problem is not None:
        return answer.complaint
    said = f" ({answer.complaint})" if answer.stderr.strip() else ""
    return f"{meaning(answer.status)}{said}"
