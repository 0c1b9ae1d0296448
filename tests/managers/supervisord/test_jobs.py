from ghostfix.managers.supervisord.hold_program import HoldSupervisorProgram
from ghostfix.managers.supervisord.jobs import RESTARTER
from ghostfix.managers.supervisord.restart_program import RestartSupervisorProgram
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.survey import processes
from tests.fake_supervisorctl import CONFIG, DAEMON, FakeSupervisorctl
from tests.fake_system import FakeSystem

HOME = "/srv/ghost"
SERVICE = Service(name="ghost", profile="test", directory=HOME, script="ghost.py")
RUN = ("/usr/bin/python3", "ghost.py")
PROGRAM = "[program:ghost]\ncommand=/usr/bin/python3 %(program_name)s.py\ndirectory=%(here)s\n"


def reading(system: FakeSystem) -> Reading[tuple[Job, ...]]:
    return RESTARTER.jobs(system, SERVICE, ProcessTree(processes.collect(system, SERVICE).value))


def only(system: FakeSystem) -> Job:
    found = reading(system)
    assert found.complete, found.problem
    assert len(found.value) == 1, found.value
    return found.value[0]


def running(*more: str) -> tuple[FakeSystem, FakeSupervisorctl]:
    system = FakeSystem()
    system.add_file(CONFIG, (PROGRAM + "".join(more)).encode())
    control = FakeSupervisorctl(system, {"ghost": ("RUNNING", 500)})
    system.add_process(500, RUN, ppid=DAEMON, cwd=HOME)
    return system, control


def test_nothing_of_supervisord() -> None:
    assert reading(FakeSystem()) == Reading(())


def test_a_program_that_runs_the_service() -> None:
    system, _ = running("[program:other]\ncommand=sleep 9\n")
    job = only(system)
    assert (job.id, job.scope, str(job.where)) == ("ghost", CONFIG, f"{CONFIG}:2")
    assert job.trigger == "when it exits with an unexpected code, when supervisord starts"
    assert (job.enabled, job.restarts_on_exit, job.starts) == (True, True, (500,))
    hold = HoldSupervisorProgram(reason="x", program="ghost", file=CONFIG, config=CONFIG)
    assert RESTARTER.hold(job, "x") == (hold,)
    assert RESTARTER.restart is not None
    again = RestartSupervisorProgram(reason="x", program="ghost", config=CONFIG)
    assert RESTARTER.restart(job, "x") == (again,)


def test_a_program_that_was_stopped_and_does_not_start_by_itself() -> None:
    system, control = running("autostart=false\n")
    control.states["ghost"] = ("STOPPED", 0)
    system.end(500)
    job = only(system)
    assert (job.enabled, job.starts) == (False, ())
    assert RESTARTER.hold(job, "x") == ()


def test_a_program_that_was_only_stopped_comes_back_with_a_reload() -> None:
    system, control = running()
    control.states["ghost"] = ("STOPPED", 0)
    assert only(system).enabled


def test_a_program_that_supervisord_has_given_up() -> None:
    system, control = running()
    control.states["ghost"] = ("FATAL", 0)
    assert "supervisord has given up ghost" in only(system).trigger


def test_a_daemon_that_does_not_answer_is_told_and_its_process_known() -> None:
    system, control = running()
    control.broken = "refused connection"
    names = {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_GROUP_NAME": "ghost",
        "SUPERVISOR_PROCESS_NAME": "ghost",
    }
    system.end(500)
    system.add_process(501, RUN, ppid=DAEMON, cwd=HOME, variables=names)
    found = reading(system)
    assert not found.complete
    assert [(job.id, job.starts) for job in found.value] == [("ghost", (501,))]


def test_a_wrapper_that_cannot_be_followed() -> None:
    system, control = running()
    system.remove_path(CONFIG)
    system.add_file(CONFIG, b"[program:wrap]\ncommand=/opt/wrapper\n")
    control.states = {"wrap": ("RUNNING", 400)}
    system.end(500)
    system.add_process(400, ("/opt/wrapper",), ppid=DAEMON)
    system.add_process(501, RUN, ppid=400, cwd=HOME)
    job = only(system)
    assert (job.id, job.link.kind, job.starts) == ("wrap", LinkKind.OWNS_PROCESS, (501,))


def test_what_a_killed_supervisord_left() -> None:
    system = FakeSystem()
    names = {
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": "ghost",
        "SUPERVISOR_SERVER_URL": "unix:///run/s.sock",
    }
    system.add_process(500, RUN, cwd=HOME, variables=names)
    job = only(system)
    assert (job.id, job.scope, job.enabled, job.starts) == ("ghost", "unix:///run/s.sock", False, (500,))
    assert RESTARTER.hold(job, "x") == ()


def test_a_configuration_of_a_supervisord_that_does_not_run() -> None:
    system = FakeSystem()
    path = "/etc/supervisor/supervisord.conf"
    system.add_file(path, b"[include]\nfiles = conf.d/*.conf\n")
    system.add_file("/etc/supervisor/conf.d/g.conf", PROGRAM.replace("%(here)s", HOME).encode())
    system.add_file("/etc/supervisor/conf.d/secret.conf", b"", unreadable=True)
    found = reading(system)
    assert found.problem == "/etc/supervisor/conf.d/secret.conf: Permission denied"
    (job,) = found.value
    assert (str(job.where), job.enabled) == ("/etc/supervisor/conf.d/g.conf:2", False)
    assert job.trigger.endswith("supervisord itself does not run")


def test_a_supervisord_whose_configuration_is_not_known_is_told() -> None:
    system = FakeSystem()
    system.add_process(DAEMON, ("/usr/bin/python3", "/usr/bin/supervisord"))
    assert reading(system).problem == f"the configuration of supervisord (pid {DAEMON}) is not known"
