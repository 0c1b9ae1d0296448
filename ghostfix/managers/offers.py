"""The ways to give a service to a manager for good, one file each: what ``--with`` takes."""

from ghostfix.managers.adoption_target import Adopter
from ghostfix.managers.cron import offer as cron
from ghostfix.managers.launchd import offer as launchd
from ghostfix.managers.pm2 import offer as pm2
from ghostfix.managers.supervisord import offer as supervisord
from ghostfix.managers.systemd import offer as systemd
from ghostfix.managers.systemd import user_offer

ADOPTERS: tuple[Adopter, ...] = (
    systemd.ADOPTER,
    user_offer.ADOPTER,
    launchd.ADOPTER,
    cron.ADOPTER,
    supervisord.ADOPTER,
    pm2.ADOPTER,
)
