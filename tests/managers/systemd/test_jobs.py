import pytest

from ghostfix.managers.systemd.hold_unit import HOLD_FILE, HoldUnit
from ghostfix.managers.systemd.jobs import RESTARTER
from ghostfix.managers.systemd.restart_unit import RestartUnit
from ghostfix.managers.systemd.systemctl import unit_digest
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.machine import Platform
from ghostfix.model.process import ProcessDetail, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.survey import processes
from tests.fake_system import FakeSystem
from tests.fake_systemctl import UNITS, FakeSystemctl

HOME = "/srv/ghost"
SERVICE = Service(name="ghost", profile="test", directory=HOME, script="ghost.py")
RUN = ("/usr/bin/python3", f"{HOME}/ghost.py")
TEXT = f"[Service]\nExecStart={' '.join(RUN)}\nRestart=always\n"


def reading(system: FakeSystem, service: Service = SERVICE) -> Reading[tuple[Job, ...]]:
    return RESTARTER.jobs(system, service, ProcessTree(processes.collect(system, service).value))


def only(system: FakeSystem, service: Service = SERVICE) -> Job:
    found = reading(system, service)
    assert found.complete, found.problem
    assert len(found.value) == 1, found.value
    return found.value[0]


def booted() -> tuple[FakeSystem, FakeSystemctl]:
    system = FakeSystem()
    systemctl = FakeSystemctl(system)
    systemctl.add("dbus.service", "[Service]\nExecStart=/usr/bin/dbus-daemon\n")
    return system, systemctl


def test_a_machine_without_systemd_has_none_of_its_jobs() -> None:
    assert reading(FakeSystem()) == Reading(())
    assert reading(FakeSystem(Platform.MACOS)) == Reading(())


def test_a_systemd_that_does_not_answer_is_told() -> None:
    system, systemctl = booted()
    systemctl.broken = "Connection timed out"
    assert reading(system) == Reading((), "systemctl did not answer for system: Connection timed out", False)


def test_a_unit_that_restarts_the_service() -> None:
    system, systemctl = booted()
    systemctl.add(
        "ghost.service", TEXT, Restart="always", WantedBy="multi-user.target", UnitFileState="enabled"
    )
    job = only(system)
    assert (job.id, job.scope, str(job.where)) == ("ghost.service", "system", f"{UNITS}/ghost.service:2")
    assert job.trigger == "when it ends, however it ends (Restart=always), at boot (multi-user.target)"
    assert (job.enabled, job.restarts_on_exit, job.link.kind) == (True, True, LinkKind.RUNS)
    digest = unit_digest(system, f"{UNITS}/ghost.service", (), without=HOLD_FILE)
    held = HoldUnit(reason="x", unit="ghost.service", scope="system", digest=digest)
    assert RESTARTER.hold(job, "x") == (held,)
    assert RESTARTER.restart is not None
    assert RESTARTER.restart(job, "x") == (RestartUnit(reason="x", unit="ghost.service", scope="system"),)


def test_what_systemd_has_loaded_counts_not_the_file_of_today() -> None:
    system, systemctl = booted()
    systemctl.add("ghost.service", TEXT, Restart="no")
    job = only(system)
    assert (job.enabled, job.restarts_on_exit, job.trigger) == (False, False, "only when asked")


@pytest.mark.parametrize(
    ("values", "enabled", "trigger"),
    [
        ({"UpheldBy": "up.service"}, True, "whenever it is down (upheld by up.service)"),
        ({"RequiredBy": "web.service"}, True, "with web.service"),
        ({"OnFailureOf": "web.service"}, True, "when web.service ends"),
        ({"UnitFileState": "enabled-runtime"}, True, "at boot"),
        (
            {"Restart": "always", "NRestarts": "1"},
            True,
            "when it ends, however it ends (Restart=always), restarted 1 time so far",
        ),
        ({"Restart": "on-failure", "ActiveState": "inactive"}, False, "when it fails (Restart=on-failure)"),
        ({"LoadState": "masked", "UnitFileState": "masked"}, False, "only when asked; masked"),
    ],
)
def test_what_arms_a_unit(values: dict[str, str], enabled: bool, trigger: str) -> None:
    system, systemctl = booted()
    systemctl.add("ghost.service", TEXT, **values)
    job = only(system)
    assert (job.enabled, job.trigger) == (enabled, trigger)


def test_a_held_unit_is_not_armed() -> None:
    system, systemctl = booted()
    systemctl.add("ghost.service", TEXT, Restart="always", WantedBy="multi-user.target")
    system.add_file(f"{UNITS}/ghost.service.d/zz-ghostfix-hold.conf", b"")
    systemctl.answer(("systemctl", "daemon-reload"))
    job = only(system)
    assert not job.enabled
    assert job.trigger.endswith("; held by ghostfix")
    assert RESTARTER.hold(job, "x") == ()


def test_a_timer_a_socket_and_a_path() -> None:
    system, systemctl = booted()
    names = "ghost.timer ghost.socket ghost.path"
    systemctl.add("ghost.service", TEXT, ActiveState="inactive", TriggeredBy=names)
    systemctl.add("ghost.timer", "[Timer]\nOnCalendar=hourly\nPersistent=yes\nOnUnitInactiveSec=5\n")
    systemctl.add("ghost.socket", "[Socket]\nListenStream=5555\n", ActiveState="inactive")
    systemctl.add("ghost.path", "[Path]\nUnit=ghost.service\nPathChanged=/x\n", WantedBy="paths.target")
    service, timer, socket, path = reading(system).value
    assert not service.enabled
    assert (timer.enabled, timer.restarts_on_exit, str(timer.where)) == (True, True, f"{UNITS}/ghost.timer:2")
    assert timer.trigger == "by its timer: OnCalendar=hourly, OnUnitInactiveSec=5"
    assert (socket.enabled, socket.trigger) == (False, "by its socket: ListenStream=5555")
    assert (path.enabled, path.restarts_on_exit, path.trigger) == (True, False, "by its path: PathChanged=/x")
    assert RESTARTER.restart is not None
    assert RESTARTER.restart(timer, "x") == ()


def test_ownership_by_control_group_and_by_main_pid() -> None:
    system, systemctl = booted()
    group = "/system.slice/ghost.service"
    systemctl.add("ghost.service", TEXT, MainPID="0", ControlGroup=group, ActiveState="inactive")
    for pid, place in ((500, group), (501, f"{group}/worker"), (502, f"{group}-other"), (503, None)):
        system.add_process(pid, RUN, detail=ProcessDetail(cwd=HOME, control_group=place))
    assert only(system).starts == (500, 501)
    systemctl.units["ghost.service"]["MainPID"] = "503"
    assert only(system).starts == (503, 500, 501)  # its present process first


def test_what_runs_in_cron_s_group_is_not_cron_s() -> None:
    system, systemctl = booted()
    group = "/system.slice/cron.service"
    systemctl.add("cron.service", "[Service]\nExecStart=/usr/sbin/cron\n", MainPID="400", ControlGroup=group)
    system.add_process(400, ("/usr/sbin/cron",))
    system.add_process(500, RUN, detail=ProcessDetail(cwd=HOME, control_group=group))
    assert reading(system) == Reading(())


RUNNER = "/system.slice/ci-runner.service"


def a_runner(*, main: tuple[str, ...] = ("/opt/runner",)) -> FakeSystem:
    """A unit whose command does not lead to the service, and whose control group an instance lies in."""
    system, systemctl = booted()
    systemctl.add(
        "ci-runner.service",
        "[Service]\nExecStart=/opt/runner\nRestart=always\n",
        MainPID="400",
        ControlGroup=RUNNER,
        Restart="always",
    )
    system.add_process(400, main)
    return system


def test_a_child_of_another_program_s_main_process_is_only_a_possibility() -> None:
    system = a_runner()
    system.add_process(500, RUN, ppid=400, detail=ProcessDetail(cwd=HOME, control_group=RUNNER))
    job = only(system)
    assert (job.link.kind, job.confidence) == (LinkKind.OWNS_PROCESS, Confidence.POSSIBLE)


@pytest.mark.parametrize(
    "between",
    [
        ("bash", "-l"),
        ("bash", "-e", "/tmp/step.sh"),
        ("sh", "-c", "python3 ghost.py & make test"),
        ("tmux", "new", "-d"),
        ("sshd: ann [priv]",),
        ("/usr/bin/supervisord", "-c", "/etc/s.conf"),
    ],
)
def test_a_unit_that_runs_what_it_is_handed_does_not_restart_it(between: tuple[str, ...]) -> None:
    system = a_runner()
    system.add_process(401, between, ppid=400)
    system.add_process(500, RUN, ppid=401, detail=ProcessDetail(cwd=HOME, control_group=RUNNER))
    assert reading(system) == Reading(())


def test_what_was_left_behind_in_a_unit_s_group_is_not_the_unit_s() -> None:
    system = a_runner()
    system.add_process(500, RUN, detail=ProcessDetail(cwd=HOME, control_group=RUNNER))
    assert reading(system) == Reading(())


def test_what_a_shell_typed_as_a_unit_s_main_process_starts_is_not_the_unit_s() -> None:
    system = a_runner(main=("-bash",))
    system.add_process(500, RUN, ppid=400, detail=ProcessDetail(cwd=HOME, control_group=RUNNER))
    assert reading(system) == Reading(())


def test_variables_and_the_working_directory() -> None:
    system, systemctl = booted()
    system.add_file("/etc/default/ghost", b"# where\nPROGRAM='ghost.py'\n")
    systemctl.add(
        "ghost@a.service",
        "[Service]\nEnvironment=PLACE=/srv\nEnvironmentFile=-/etc/default/ghost\n"
        "WorkingDirectory=-/srv/%p\nExecStart=/usr/bin/python3 ${PLACE}/ghost/$PROGRAM\n",
    )
    # A bare $PROGRAM within a word stays; the file that it names is the service's all the same.
    assert reading(system).value == ()
    systemctl.add(
        "ghost@a.service",
        "[Service]\nEnvironmentFile=-/etc/default/ghost\n"
        "WorkingDirectory=/srv/%p\nExecStart=/usr/bin/python3 $PROGRAM\n",
    )
    assert only(system).id == "ghost@a.service"


def test_a_file_that_is_not_loaded_is_known_and_not_armed() -> None:
    system, systemctl = booted()
    systemctl.add("spare.service", TEXT, ActiveState="inactive", UnitFileState="disabled")
    spare = systemctl.units.pop("spare.service")
    patterns = reading(system).value
    assert [job.enabled for job in patterns] == []  # systemd says that it has no such unit
    systemctl.add("spare.service", ActiveState="inactive", Restart="always", UnitFileState="disabled")
    assert spare["Id"] == only(system).id
    assert not only(system).enabled


def test_the_profile_s_own_manager_is_asked_for_by_name() -> None:
    system, _ = booted()
    reading(
        system, Service(name="g", profile="t", directory=HOME, script="g.py", manager="systemd:g.service")
    )
    assert any(words[-1] == "g.service" for words in system.asked)


def test_a_unit_file_that_cannot_be_read_is_told() -> None:
    system, systemctl = booted()
    systemctl.add("secret.service", Restart="always")
    system.add_file(f"{UNITS}/secret.service", TEXT.encode(), unreadable=True)
    found = reading(system)
    assert not found.complete
    assert found.problem == f"{UNITS}/secret.service: Permission denied"


@pytest.mark.parametrize(
    ("lines", "output"),
    [
        (
            "StandardError=append:/var/log/ghost.err\nStandardOutput=file:/var/log/ghost.out",
            ("/var/log/ghost.err", "/var/log/ghost.out"),
        ),
        ("StandardOutput=truncate:%h/%N.log", ("/root/ghost.log",)),
        ("StandardError=null", ("/dev/null",)),
        ("StandardOutput=journal+console\nStandardError=inherit", ()),
        ("StandardError=append:/a.log\nStandardError=journal", ()),
    ],
)
def test_the_files_that_take_what_a_unit_prints_are_known(lines: str, output: tuple[str, ...]) -> None:
    system, systemctl = booted()
    systemctl.add("ghost.service", f"{TEXT}{lines}\n", Restart="always")
    assert only(system).output == output
