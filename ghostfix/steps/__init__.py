"""The acts that ghostfix knows, in the order of their phases: one file each."""

from ghostfix.step import Step
from ghostfix.steps.adopt_cron_line import AdoptCronLine
from ghostfix.steps.adopt_launchd_job import AdoptLaunchdJob
from ghostfix.steps.adopt_pm2_app import AdoptPm2App
from ghostfix.steps.adopt_supervisor_program import AdoptSupervisorProgram
from ghostfix.steps.adopt_unit import AdoptUnit
from ghostfix.steps.create_venv import CreateVenv
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.steps.hold_at_job import HoldAtJob
from ghostfix.steps.hold_circus_watcher import HoldCircusWatcher
from ghostfix.steps.hold_container import HoldContainer
from ghostfix.steps.hold_cron_line import HoldCronLine
from ghostfix.steps.hold_launchd_job import HoldLaunchdJob
from ghostfix.steps.hold_monit_check import HoldMonitCheck
from ghostfix.steps.hold_openrc_service import HoldOpenrcService
from ghostfix.steps.hold_pane import HoldPane
from ghostfix.steps.hold_pm2_app import HoldPm2App
from ghostfix.steps.hold_service_folder import HoldServiceFolder
from ghostfix.steps.hold_supervisor_program import HoldSupervisorProgram
from ghostfix.steps.hold_unit import HoldUnit
from ghostfix.steps.hold_watchdog import HoldWatchdog
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.make_folder import MakeFolder
from ghostfix.steps.name_manager import NameManager
from ghostfix.steps.probe_webhook import ProbeWebhook
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.steps.restart_service_folder import RestartServiceFolder
from ghostfix.steps.restart_supervisor_program import RestartSupervisorProgram
from ghostfix.steps.restart_unit import RestartUnit
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess
from ghostfix.steps.stop_watchdog import StopWatchdog

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
