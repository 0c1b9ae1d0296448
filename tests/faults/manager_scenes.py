"""Each manager of the in-memory machine, with the steps that hold what it restarts, or restart through it."""

import json
from collections.abc import Callable

from ghostfix.managers.at.at_job import original
from ghostfix.managers.at.hold_job import HoldAtJob
from ghostfix.managers.service_folders.folder import SUITES
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.managers.watchdog.hold_pane import HoldPane
from tests.fake_service_folder import FOLDER, FakeServiceFolder
from tests.fake_supervisorctl import CONFIG
from tests.fake_system import FakeSystem
from tests.faults.scene import Scene
from tests.managers.at import test_hold_job
from tests.managers.at.test_jobs import FOLDER as QUEUE
from tests.managers.circus import test_hold_watcher
from tests.managers.containers import test_hold_container
from tests.managers.monit import test_hold_check
from tests.managers.openrc import test_hold_service
from tests.managers.pm2 import test_hold_app
from tests.managers.pm2.test_jobs import entry
from tests.managers.service_folders import test_hold_folder
from tests.managers.supervisord import test_hold_program, test_restart_program
from tests.managers.systemd import test_hold_unit, test_restart_unit
from tests.managers.watchdog import test_hold_pane


def at() -> Scene:
    fake = test_hold_job.FakeAt()
    machine = fake.system

    def waiting() -> dict[int, str]:
        paths = {name: f"{QUEUE}/{name}" for name in test_hold_job.queue(machine)}
        return {int(name[1:6], 16): machine.content(path).decode() for name, path in paths.items()}

    def looked_again() -> tuple[HoldAtJob, ...]:
        return tuple(
            HoldAtJob(reason="r", number=number, user="root", source=text.encode())
            for number, text in waiting().items()
        )

    bodies = lambda: sorted(original(text).rstrip("\n") for text in waiting().values())  # noqa: E731
    return Scene(machine, (test_hold_job.STEP,), bodies, looked_again)


def unit() -> Scene:
    machine, systemctl = test_hold_unit.booted()

    def state() -> object:
        folders = machine.names("/etc/systemd/system").value
        return folders, systemctl.units["ghost.service"]["ActiveState"]

    return Scene(machine, (test_hold_unit.STEP,), state)


def restarted_unit() -> Scene:
    machine, systemctl = test_restart_unit.booted(ActiveState="inactive")
    step = RestartUnit(reason="r", unit="ghost.service", scope="system")
    return Scene(machine, (step,), lambda: systemctl.units["ghost.service"]["ActiveState"])


def supervisor_program() -> Scene:
    machine, control = test_hold_program.house()

    def state() -> object:
        return machine.content(CONFIG), {name: each for name, (each, _) in control.states.items()}

    return Scene(machine, (test_hold_program.STEP,), state)


def restarted_program() -> Scene:
    machine, control = test_restart_program.house("STOPPED")
    step = RestartSupervisorProgram(reason="r", program="ghost", config=CONFIG)
    return Scene(machine, (step,), lambda: {name: each for name, (each, _) in control.states.items()})


def service_folder(kind: str) -> Callable[[], Scene]:
    def scene() -> Scene:
        machine, folder, step = test_hold_folder.house(kind)
        return Scene(machine, (step,), lambda: (folder.wanted, folder.pid != 0, machine.names(FOLDER).value))

    return scene


def restarted_folder(kind: str) -> Callable[[], Scene]:
    def scene() -> Scene:
        machine = FakeSystem()
        folder = FakeServiceFolder(machine, kind, pid=0, wanted=False)
        step = RestartServiceFolder(reason="r", suite=kind, folder=FOLDER)
        return Scene(machine, (step,), lambda: (folder.wanted, folder.pid != 0))

    return scene


def pm2() -> Scene:
    fake = test_hold_app.FakePm2(entry(cron_restart="*/2 * * * * *"), test_hold_app.other())
    machine = fake.system

    def state() -> object:
        known = sorted(json.dumps(each["pm2_env"]).replace(', "pm_id": 9', "") for each in fake.entries)
        return known, machine.content(test_hold_app.DUMP), machine.names("/root/.pm2").value

    return Scene(machine, (test_hold_app.STEP,), state)


def circus() -> Scene:
    fake = test_hold_watcher.FakeCircus()
    return Scene(fake.system, (test_hold_watcher.STEP,), lambda: fake.state)


def monit() -> Scene:
    fake = test_hold_check.FakeMonit()

    def state() -> object:
        fake.cycle()  # what it was told, it does in its next cycle, whoever has ended meanwhile
        return dict(fake.monitored)

    return Scene(fake.system, (test_hold_check.STEP,), state)


def openrc() -> Scene:
    machine = test_hold_service.machine()
    leaf = "leaf"  # what needs the service is stopped with it, and for its owner to start again
    names = lambda: [each for each in machine.names(test_hold_service.STARTED).value if each != leaf]  # noqa: E731
    return Scene(machine, (test_hold_service.STEP,), names)


def container(engine: str) -> Callable[[], Scene]:
    def scene() -> Scene:
        fake = test_hold_container.Engine(engine)
        return Scene(fake.system, (fake.step,), lambda: (fake.policy, fake.retries, fake.running))

    return scene


def pane() -> Scene:
    fake = test_hold_pane.FakeTmux(remain="off")
    machine = fake.system

    def looked_again() -> tuple[HoldPane, ...]:
        return (fake.step(),)

    def state() -> object:
        return fake.remain, len(machine.running(*test_hold_pane.LOOP))

    return Scene(machine, (fake.step(),), state, looked_again)


MANAGER_SCENES: dict[str, Callable[[], Scene]] = {
    "at": at,
    "systemd": unit,
    "systemd-restart": restarted_unit,
    "supervisord": supervisor_program,
    "supervisord-restart": restarted_program,
    **{kind: service_folder(kind) for kind in SUITES},
    **{f"{kind}-restart": restarted_folder(kind) for kind in SUITES},
    "pm2": pm2,
    "circus": circus,
    "monit": monit,
    "openrc": openrc,
    "docker": container("docker"),
    "podman": container("podman"),
    "tmux": pane,
}
