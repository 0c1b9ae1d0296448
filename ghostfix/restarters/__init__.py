"""The managers that can start a service again, in the order in which a report names them."""

from ghostfix.restarter import Restarter
from ghostfix.restarters import (
    anacron,
    at,
    circus,
    cron,
    daemontools,
    docker,
    forever,
    ghostfix_run,
    launchd,
    monit,
    openrc,
    pm2,
    podman,
    runit,
    s6,
    supervisord,
    systemd,
    watchdog,
)

RESTARTERS: tuple[Restarter, ...] = (
    systemd.RESTARTER,
    launchd.RESTARTER,
    cron.RESTARTER,
    anacron.RESTARTER,
    at.RESTARTER,
    supervisord.RESTARTER,
    pm2.RESTARTER,
    runit.RESTARTER,
    s6.RESTARTER,
    daemontools.RESTARTER,
    monit.RESTARTER,
    circus.RESTARTER,
    openrc.RESTARTER,
    docker.RESTARTER,
    podman.RESTARTER,
    forever.RESTARTER,
    ghostfix_run.RESTARTER,
    watchdog.RESTARTER,
)
