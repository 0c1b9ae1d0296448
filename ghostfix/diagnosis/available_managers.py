"""At hand: the managers to which a service without one could be given on this machine, the best first."""

import posixpath

from ghostfix.managers.cron.daemon import is_cron_daemon
from ghostfix.model.pattern import Pattern
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot

_PM2 = Pattern(r"PM2 v[^:]*: God")


def managers_at_hand(snapshot: Snapshot, service: Service) -> tuple[str, ...]:
    """Values for ``ghostfix adopt --with``; none for a service that has a manager, or cannot be started.

    Told by the processes that were seen, so what ``adopt`` finds when it asks them may be less.
    """
    if service.manager != "none" or not service.start_command or not service.instances:
        return ()
    if snapshot.host.platform == "macos":
        return ("launchd",)
    uid = snapshot.host.uid
    alive = [process for process in snapshot.tree.by_pid.values() if process.alive]
    there = {
        "systemd": uid == 0 and any(one.pid == 1 and one.name == "systemd" for one in alive),
        "systemd-user": uid != 0 and any(one.uid == uid and _is_user_systemd(one) for one in alive),
        "supervisord": any(one.uid == uid and _supervises(one) for one in alive),
        "pm2": any(one.uid == uid and one.argv and _PM2.match(one.argv[0]) for one in alive),
        "cron": any(map(is_cron_daemon, alive)),
    }
    return tuple(kind for kind, is_there in there.items() if is_there)


def _is_user_systemd(process: Process) -> bool:
    return process.name == "systemd" and "--user" in process.argv


def _supervises(process: Process) -> bool:
    return any(posixpath.basename(word) == "supervisord" for word in process.argv[:2])
