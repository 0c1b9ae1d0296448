"""Every step: the acts that ghostfix knows, in the order of their phases: one file each."""

from ghostfix.managers.at.hold_job import HoldAtJob
from ghostfix.managers.circus.hold_watcher import HoldCircusWatcher
from ghostfix.managers.containers.hold_container import HoldContainer
from ghostfix.managers.cron.adopt_line import AdoptCronLine
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.launchd.adopt_job import AdoptLaunchdJob
from ghostfix.managers.launchd.hold_job import HoldLaunchdJob
from ghostfix.managers.monit.hold_check import HoldMonitCheck
from ghostfix.managers.openrc.hold_service import HoldOpenrcService
from ghostfix.managers.pm2.adopt_app import AdoptPm2App
from ghostfix.managers.pm2.hold_app import HoldPm2App
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.managers.supervisord.adopt_program import AdoptSupervisorProgram
from ghostfix.managers.supervisord.hold_program import HoldSupervisorProgram
from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.managers.systemd.adopt_unit import AdoptUnit
from ghostfix.managers.systemd.hold_unit import HoldUnit
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.hold_pane import HoldPane
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.step import Step
from ghostfix.steps.create_venv import CreateVenv
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.make_folder import MakeFolder
from ghostfix.steps.name_manager import NameManager
from ghostfix.steps.probe_webhook import ProbeWebhook
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess

STEPS: tuple[type[Step], ...] = (
    HoldCronLine,
    HoldAtJob,
    HoldLaunchdJob,
    HoldUnit,
    HoldSupervisorProgram,
    HoldServiceFolder,
    HoldPm2App,
    HoldCircusWatcher,
    HoldMonitCheck,
    HoldOpenrcService,
    HoldContainer,
    HoldWatchdog,
    HoldPane,
    StopProcess,
    EvictProcess,
    StopWatchdog,
    RemovePidFile,
    CreateVenv,
    InstallPackages,
    MakeFolder,
    StartService,
    RestartUnit,
    RestartSupervisorProgram,
    RestartServiceFolder,
    AdoptUnit,
    AdoptLaunchdJob,
    AdoptCronLine,
    AdoptSupervisorProgram,
    AdoptPm2App,
    NameManager,
    ProbeWebhook,
)
