"""pm2: an ecosystem file beside the service, started and saved.

What a signal ends has the exit code 0 for pm2 (lib/God.js, ``handleExit``), so no exit code is given to mean
"leave it stopped": a service that was killed would be left as well. With a growing pause pm2 shows a service
that it has given up as ``waiting restart``; it does not start it all the same.
"""

import msgspec

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_file import JobFile
from ghostfix.managers.job_spec import STARTS, JobWanted
from ghostfix.managers.pm2.adopt_app import AdoptPm2App
from ghostfix.managers.pm2.daemon import Pm2Daemon, ambiguous, daemons
from ghostfix.model.machine import System

_UP_AFTER = 10_000
"""Milliseconds that it has to live; STARTS shorter lives on end, and pm2 gives up (lib/God.js of pm2)."""
_FIRST_PAUSE = 500
"""Milliseconds; pm2 makes it half as long again each time, up to 15 s."""
_NOTE = "`pm2 startup` says what brings pm2 itself back after a boot"


def offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    caller = system.caller()
    if wanted.user not in ("", caller.user):
        return Unavailable(
            f"{wanted.name} belongs to {wanted.user}, whose pm2 is {wanted.user}'s own to tell",
            f"`sudo -u {wanted.user} ghostfix adopt {wanted.name} --with pm2`",
        )
    taken_for = ambiguous(wanted.name)
    if taken_for is not None:
        return Unavailable(f"pm2 takes `{wanted.name}` for {taken_for}", "give the service another name")
    own = [one for one in daemons(system, system.processes().value) if one.process.uid == caller.uid]
    if not own and system.program("pm2") is None:
        return Unavailable("there is no pm2", "`npm install --global pm2` installs it, `pm2 ping` starts it")
    daemon = _chosen(system, own)
    if daemon is None:
        return Unavailable(f"no pm2 of {caller.user} runs", "`pm2 ping` starts it")
    path = f"{wanted.directory}/{wanted.name}.pm2.json"
    file = JobFile(path=path, content=ecosystem(wanted))
    step = AdoptPm2App(reason="adopt", file=file, app=wanted.name, home=daemon.home)
    return Offer(
        manager=f"pm2:{wanted.name}",
        step=step,
        scope=daemon.home,
        after=file.content,
        place=path,
        notes=(_NOTE,),
    )


def _chosen(system: System, own: list[Pm2Daemon]) -> Pm2Daemon | None:
    """The one that ``PM2_HOME`` names, else the usual one, else the only one."""
    usual = system.variable("PM2_HOME") or f"{system.caller().home}/.pm2"
    named = [one for one in own if one.home == usual]
    return (named or own)[0] if named or len(own) == 1 else None


def ecosystem(wanted: JobWanted) -> bytes:
    """The whole file (pure)."""
    program, *arguments = wanted.command
    app: dict[str, object] = {
        "name": wanted.name,
        "script": program,
        "args": arguments,
        "interpreter": "none",
        "cwd": wanted.directory,
        "env": {one.name: one.value for one in wanted.variables},
        "out_file": wanted.log,
        "error_file": wanted.log,
        "merge_logs": True,
        "autorestart": True,
        "min_uptime": _UP_AFTER,
        "max_restarts": STARTS,
        "exp_backoff_restart_delay": _FIRST_PAUSE,
        "kill_timeout": round(wanted.stop.grace * 1000),
    }
    if wanted.memory is not None:
        app["max_memory_restart"] = wanted.memory
    return msgspec.json.format(msgspec.json.encode({"apps": [app]}), indent=2) + b"\n"


ADOPTER = Adopter(kind="pm2", title="pm2", enforces=frozenset({"service_memory"}), offer=offer)
