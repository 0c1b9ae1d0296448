"""The managers that can start a service again, in the order in which a report names them."""

from ghostfix.restarter import Restarter
from ghostfix.restarters import cron, daemontools, launchd, runit, s6, supervisord, systemd, watchdog

RESTARTERS: tuple[Restarter, ...] = (
    systemd.RESTARTER,
    launchd.RESTARTER,
    cron.RESTARTER,
    supervisord.RESTARTER,
    runit.RESTARTER,
    s6.RESTARTER,
    daemontools.RESTARTER,
    watchdog.RESTARTER,
)
