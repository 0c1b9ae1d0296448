"""The ways to give a service to a manager for good, one file each: what ``--with`` takes."""

from ghostfix.adopter import Adopter
from ghostfix.adoption import cron, launchd, pm2, supervisord, systemd, systemd_user

ADOPTERS: tuple[Adopter, ...] = (
    systemd.ADOPTER,
    systemd_user.ADOPTER,
    launchd.ADOPTER,
    cron.ADOPTER,
    supervisord.ADOPTER,
    pm2.ADOPTER,
)
