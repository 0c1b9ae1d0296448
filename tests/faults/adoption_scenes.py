"""Each manager of the in-memory machine, and the step that gives a service to it."""

from collections.abc import Callable

from ghostfix.model.machine import CommandAnswer, Platform
from ghostfix.steps.make_folder import MakeFolder
from ghostfix.steps.name_manager import NameManager
from tests.fake_launchctl import FakeLaunchctl
from tests.fake_supervisorctl import CONFIG, FakeSupervisorctl
from tests.fake_system import FakeCrontab, FakeSystem, answered, default_caller
from tests.fake_systemctl import FakeSystemctl
from tests.faults.scene import Scene
from tests.managers.cron import test_adopt_line
from tests.managers.launchd import test_adopt_job
from tests.managers.launchd.test_hold_job import caller
from tests.managers.pm2 import test_adopt_app
from tests.managers.pm2.test_hold_app import FakePm2, other
from tests.managers.supervisord import test_adopt_program
from tests.managers.systemd import test_adopt_unit

PROFILE = "/srv/web/ghostfix.toml"
BEFORE = b'[services.web]\nscript = "web.py"\n'


def files(machine: FakeSystem) -> dict[str, bytes]:
    """All but the journal."""
    return {path: file.content for path, file in machine.files.items() if "/.local" not in path}


def unit() -> Scene:
    machine = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    systemctl = FakeSystemctl(machine)
    machine.add_file(PROFILE, BEFORE)
    naming = NameManager(
        reason="r", profile=PROFILE, service="web", manager="systemd:web.service", before=BEFORE
    )

    def state() -> object:
        told = {name: (one["ActiveState"], one["UnitFileState"]) for name, one in systemctl.units.items()}
        return files(machine), told

    return Scene(machine, (test_adopt_unit.STEP, naming), state)


def launchd() -> Scene:
    machine = FakeSystem(Platform.MACOS, caller=caller())
    machine.add_folder("/Users/alice/Library")
    launchctl = FakeLaunchctl(system=machine)
    step = test_adopt_job.STEP
    return Scene(
        machine, (step,), lambda: (files(machine), sorted(launchctl.jobs), len(machine.running("--serve")))
    )


def cron() -> Scene:
    machine = FakeSystem(caller=default_caller(Platform.LINUX, "alice"))
    tabs = FakeCrontab(machine, {})
    return Scene(machine, (test_adopt_line.STEP,), lambda: dict(tabs.tabs))


def supervisord() -> Scene:
    machine = FakeSystem()
    machine.add_file(CONFIG, b"[include]\nfiles = conf.d/*.conf\n")
    machine.add_folder("/srv/ghost/conf.d")
    control = FakeSupervisorctl(machine, {"other": ("RUNNING", 501)})
    step = test_adopt_program.STEP

    def state() -> object:
        return files(machine), {name: state for name, (state, _) in control.states.items()}

    return Scene(machine, (step,), state)


def pm2() -> Scene:
    house = FakePm2(other())
    step = test_adopt_app.STEP
    return Scene(house.system, (step,), lambda: (files(house.system), [one["name"] for one in house.entries]))


def folder() -> Scene:
    machine = FakeSystem()
    machine.add_folder("/srv/web")

    def mkdir(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        machine.add_folder("/srv/web/logs")
        if "HALF" not in machine.variables:
            machine.add_folder(words[-1])
        return answered(words)

    machine.add_programs(("mkdir", "-p", "--"), mkdir)
    return Scene(machine, (MakeFolder(reason="r", path="/srv/web/logs/web"),), lambda: sorted(files(machine)))


ADOPTION_SCENES: dict[str, Callable[[], Scene]] = {
    "adopt-unit": unit,
    "adopt-launchd": launchd,
    "adopt-cron": cron,
    "adopt-supervisord": supervisord,
    "adopt-pm2": pm2,
    "make-folder": folder,
}
