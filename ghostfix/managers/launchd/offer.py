"""launchd: an agent of the user's, or for root a daemon (launchd.plist(5))."""

import plistlib

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_file import JobFile
from ghostfix.managers.job_spec import JobWanted
from ghostfix.managers.launchd.adopt_job import AdoptLaunchdJob
from ghostfix.managers.launchd.state import user_domain
from ghostfix.model.machine import Platform, System

THROTTLE = 30
"""Seconds between two starts; launchd's own default is 10, and it knows no start limit."""
_NOTE = f"launchd knows no start limit: a service that always fails is started every {THROTTLE} s"


def offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    if system.platform is not Platform.MACOS:
        return Unavailable("launchd is macOS's", "on Linux: `--with systemd`, `systemd-user` or `cron`")
    caller = system.caller()
    label = f"ghostfix.{wanted.name}"
    if caller.uid == 0:
        domain, folder = "system", "/Library/LaunchDaemons"
    else:
        reading = user_domain(system, caller.uid)
        if not reading.complete:
            return Unavailable(reading.problem or "launchd did not answer")
        domain, folder = reading.value, f"{caller.home}/Library/LaunchAgents"
    file = JobFile(path=f"{folder}/{label}.plist", content=plist(wanted, label))
    step = AdoptLaunchdJob(reason="adopt", file=file, label=label, domain=domain)
    return Offer(
        manager=f"launchd:{label}",
        step=step,
        scope=domain,
        after=file.content,
        place=file.path,
        notes=(_NOTE,),
    )


def plist(wanted: JobWanted, label: str) -> bytes:
    """The whole property list (pure)."""
    document: dict[str, object] = {
        "Label": label,
        "ProgramArguments": list(wanted.command),
        "WorkingDirectory": wanted.directory,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE,
        "ExitTimeOut": max(1, round(wanted.stop.grace)),
        "StandardOutPath": wanted.log,
        "StandardErrorPath": wanted.log,
    }
    if wanted.user:
        document["UserName"] = wanted.user
    if wanted.variables:
        document["EnvironmentVariables"] = {one.name: one.value for one in wanted.variables}
    if wanted.open_files is not None:
        document["SoftResourceLimits"] = {"NumberOfFiles": wanted.open_files}
    return plistlib.dumps(document, sort_keys=False)


ADOPTER = Adopter(kind="launchd", title="launchd", enforces=frozenset({"service_open_files"}), offer=offer)
