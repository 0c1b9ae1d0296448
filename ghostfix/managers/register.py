"""The managers that can start a service again, in the order in which a report names them."""

from ghostfix.managers.at import jobs as at
from ghostfix.managers.circus import jobs as circus
from ghostfix.managers.containers import jobs as docker
from ghostfix.managers.containers import podman
from ghostfix.managers.cron import anacron_jobs
from ghostfix.managers.cron import jobs as cron
from ghostfix.managers.forever import jobs as forever
from ghostfix.managers.ghostfix_run import jobs as ghostfix_run
from ghostfix.managers.launchd import jobs as launchd
from ghostfix.managers.monit import jobs as monit
from ghostfix.managers.openrc import jobs as openrc
from ghostfix.managers.pm2 import jobs as pm2
from ghostfix.managers.restarter import Restarter
from ghostfix.managers.service_folders import daemontools, s6
from ghostfix.managers.service_folders import jobs as runit
from ghostfix.managers.supervisord import jobs as supervisord
from ghostfix.managers.systemd import jobs as systemd
from ghostfix.managers.watchdog import jobs as watchdog

RESTARTERS: tuple[Restarter, ...] = (
    systemd.RESTARTER,
    launchd.RESTARTER,
    cron.RESTARTER,
    anacron_jobs.RESTARTER,
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
