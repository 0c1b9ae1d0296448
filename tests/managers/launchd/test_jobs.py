import plistlib

import pytest

from ghostfix.managers.launchd.hold_job import HoldLaunchdJob
from ghostfix.managers.launchd.jobs import RESTARTER
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from tests.fake_launchctl import MONTEREY, SEQUOIA, FakeJob, FakeLaunchctl
from tests.fake_system import FakeSystem

HOME = "/Users/alice"
AGENTS = f"{HOME}/Library/LaunchAgents"
DIRECTORY = f"{HOME}/ghost"
PYTHON = f"{DIRECTORY}/.venv/bin/python"
RUN = (PYTHON, "-m", "ghost.main")
LABEL = "com.example.ghost"
PLIST = f"{AGENTS}/{LABEL}.plist"
SERVICE = Service(name="ghost", profile="test", directory=DIRECTORY, module="ghost.main")


def plist(label: str = LABEL, **keys: object) -> bytes:
    return plistlib.dumps({"Label": label, "WorkingDirectory": DIRECTORY, **keys})


def mac(macos: int = SEQUOIA, uid: int = 501) -> tuple[FakeSystem, FakeLaunchctl]:
    home = HOME if uid else "/var/root"
    caller = Caller(uid=uid, gid=20, user="alice", home=home, cwd=home, pid=900, ancestors=(899, 1))
    system = FakeSystem(Platform.MACOS, caller=caller)
    return system, FakeLaunchctl(system=system, macos=macos)


def reading(system: FakeSystem) -> Reading[tuple[Job, ...]]:
    return RESTARTER.jobs(system, SERVICE, ProcessTree(system.processes().value))


def only(system: FakeSystem) -> Job:
    found = reading(system)
    assert found.complete, found.problem
    assert len(found.value) == 1, found.value
    return found.value[0]


def kept_alive(macos: int = SEQUOIA) -> tuple[FakeSystem, FakeLaunchctl]:
    system, launchd = mac(macos)
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), KeepAlive=True))
    launchd.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=RUN, cwd=DIRECTORY))
    return system, launchd


def test_linux_has_no_launchd() -> None:
    assert reading(FakeSystem()) == Reading(())


def test_a_mac_without_jobs_of_the_service() -> None:
    system, _ = mac()
    system.add_file(PLIST, plist(ProgramArguments=["/usr/bin/true"], KeepAlive=True))
    system.add_file(f"{AGENTS}/notes.txt", b"ghost.main")
    system.add_file(f"{AGENTS}/{LABEL}.old.plist.disabled", plist(ProgramArguments=list(RUN)))
    assert reading(system) == Reading(())


@pytest.mark.parametrize("macos", [MONTEREY, SEQUOIA])
def test_a_loaded_agent_that_keeps_the_service_alive(macos: int) -> None:
    system, launchd = kept_alive(macos)
    job = only(system)
    assert (job.kind, job.id, job.scope, job.command) == ("launchd", LABEL, "gui/501", " ".join(RUN))
    assert str(job.where) == PLIST
    assert job.trigger == "whenever it exits, when it is loaded (login or boot)"
    assert job.enabled
    assert job.restarts_on_exit
    assert job.link.kind is LinkKind.RUNS
    assert job.confidence is Confidence.CERTAIN
    assert job.starts == (launchd.jobs["gui/501", LABEL].pid,)
    assert job.processes == ()


@pytest.mark.parametrize("macos", [MONTEREY, SEQUOIA])
def test_a_held_job_is_found_as_disabled(macos: int) -> None:
    system, launchd = kept_alive(macos)
    (step,) = RESTARTER.hold(only(system), "rogue-restarter")
    assert isinstance(step, HoldLaunchdJob)
    assert (step.reason, step.target, step.plist) == ("rogue-restarter", f"gui/501/{LABEL}", PLIST)
    assert step.precondition(system) is None
    step.apply(system)
    job = only(system)
    assert not job.enabled
    assert RESTARTER.hold(job, "rogue-restarter") == ()
    assert job.trigger.endswith("; disabled")
    assert job.starts == ()
    assert launchd.jobs == {}


def test_a_job_that_is_not_loaded_comes_at_the_next_login() -> None:
    system, _ = mac()
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), StartInterval=600))
    job = only(system)
    assert job.enabled
    assert job.trigger == "every 10 minutes; not loaded now, loads at the next login or boot"
    assert not job.restarts_on_exit


def test_the_disabled_key_and_the_flag_that_overrules_it() -> None:
    system, launchd = mac()
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), KeepAlive=True, Disabled=True))
    assert not only(system).enabled
    launchd.flags["user/501", LABEL] = False
    assert only(system).enabled


def test_a_loaded_job_acts_though_it_is_disabled() -> None:
    system, launchd = kept_alive()
    launchd.flags["user/501", LABEL] = True
    assert only(system).enabled


def test_over_ssh_the_user_domain_is_asked_and_that_is_said() -> None:
    system, launchd = mac()
    launchd.gui = False
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), KeepAlive=True))
    found = reading(system)
    assert found.complete
    assert found.value[0].scope == "user/501"
    assert "no domain gui/501" in (found.problem or "")


def test_a_script_in_the_arguments_is_followed() -> None:
    system, _ = mac()
    system.add_file(f"{DIRECTORY}/watchdog.sh", f"#!/bin/bash\ncd {DIRECTORY}\n{' '.join(RUN)}\n".encode())
    system.add_file(PLIST, plist(ProgramArguments=["/bin/bash", "watchdog.sh"], RunAtLoad=True))
    job = only(system)
    assert job.link.kind is LinkKind.RUNS_SCRIPT
    assert (job.link.hops[0].file, job.link.hops[0].line) == (f"{DIRECTORY}/watchdog.sh", 3)


def test_the_jobs_own_process_is_told_from_the_services() -> None:
    system, launchd = mac()
    system.add_file(
        f"{DIRECTORY}/watchdog.sh", f"#!/bin/bash\nwhile true; do {' '.join(RUN)}; done\n".encode()
    )
    arguments = ("/bin/bash", f"{DIRECTORY}/watchdog.sh")
    system.add_file(PLIST, plist(ProgramArguments=list(arguments), RunAtLoad=True))
    shell = system.add_process(700, arguments, cwd=DIRECTORY)
    system.add_process(701, RUN, ppid=700, cwd=DIRECTORY)
    launchd.load(
        "gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=arguments, pid=700, properties="runatload")
    )
    job = only(system)
    assert job.processes == (shell.record.id,)
    assert job.starts == (701,)
    assert job.restarts_on_exit
    assert "a loop in its script" in job.trigger


def test_an_orphan_is_attributed_by_its_environment() -> None:
    system, launchd = mac()
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), StartInterval=600))
    system.add_process(701, RUN, cwd=DIRECTORY, variables={"XPC_SERVICE_NAME": LABEL})
    launchd.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=RUN, properties="runatload"))
    assert only(system).starts == (701,)


def test_a_loaded_job_whose_plist_is_gone() -> None:
    system, launchd = mac()
    launchd.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=RUN, cwd=DIRECTORY))
    job = only(system)
    assert job.where is None
    assert (job.id, job.scope, job.command) == (LABEL, "gui/501", " ".join(RUN))
    assert job.link.kind is LinkKind.OWNS_PROCESS
    assert job.enabled
    assert job.restarts_on_exit
    assert job.trigger == "whenever it exits"
    assert job.starts == (launchd.jobs["gui/501", LABEL].pid,)


def test_a_job_loaded_from_elsewhere() -> None:
    system, launchd = mac()
    path = f"{DIRECTORY}/deploy/{LABEL}.plist"
    system.add_file(path, plist(ProgramArguments=list(RUN), KeepAlive=True))
    launchd.load("gui/501", FakeJob(label=LABEL, plist=path, arguments=RUN, cwd=DIRECTORY))
    assert str(only(system).where) == path


def test_a_system_daemon_is_seen_by_an_ordinary_user() -> None:
    system, launchd = mac()
    daemon = f"/Library/LaunchDaemons/{LABEL}.plist"
    system.add_file(daemon, plist(ProgramArguments=list(RUN), KeepAlive=True), uid=0)
    launchd.load("system", FakeJob(label=LABEL, plist=daemon, arguments=RUN, cwd=DIRECTORY))
    job = only(system)
    assert (job.scope, str(job.where)) == ("system", daemon)


def test_of_two_plists_of_one_label_the_loaded_one_counts() -> None:
    system, launchd = kept_alive()
    system.add_file(f"{AGENTS}/a-copy.plist", plist(ProgramArguments=list(RUN), StartInterval=60))
    assert str(only(system).where) == PLIST
    del launchd.jobs["gui/501", LABEL]
    assert {str(job.where) for job in reading(system).value} == {PLIST, f"{AGENTS}/a-copy.plist"}


def test_the_terminal_in_which_it_was_started_is_no_restarter() -> None:
    system, launchd = mac()
    label = "application.com.apple.Terminal.1152921500311895123"
    system.add_process(600, ("/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal",))
    launchd.load("gui/501", FakeJob(label=label, plist=None, pid=600, arguments=("Terminal",)))
    system.add_process(701, RUN, ppid=600, cwd=DIRECTORY, variables={"XPC_SERVICE_NAME": label})
    assert reading(system) == Reading(())


def test_root_sees_the_agents_of_all_users() -> None:
    system, launchd = mac(uid=0)
    system.add_file(PLIST, plist(ProgramArguments=list(RUN), KeepAlive=True), uid=501)
    system.add_file(f"{AGENTS}/foreign.plist", plist("com.a", ProgramArguments=list(RUN)), uid=0)
    launchd.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=RUN, cwd=DIRECTORY))
    job = only(system)
    assert (job.id, job.scope) == (LABEL, "gui/501")
    assert job.starts


def test_what_cannot_be_read_is_told_and_the_rest_is_found() -> None:
    system, _ = kept_alive()
    system.add_file(f"{AGENTS}/broken.plist", plist()[:-40])
    system.add_file("/Library/LaunchDaemons/secret.plist", plist(), unreadable=True)
    found = reading(system)
    assert not found.complete
    assert "broken.plist: malformed property list" in (found.problem or "")
    assert "secret.plist: Permission denied" in (found.problem or "")
    assert [job.id for job in found.value] == [LABEL]


def test_an_unreadable_folder_is_told() -> None:
    system, _ = mac()
    system.add_folder("/Library/LaunchAgents", unreadable=True)
    found = reading(system)
    assert not found.complete
    assert "/Library/LaunchAgents" in (found.problem or "")


def test_a_bare_ampersand_makes_it_likely_only() -> None:
    system, _ = mac()
    content = plist(ProgramArguments=["/bin/sh", "-c", f"cd {DIRECTORY} AND {' '.join(RUN)}"])
    system.add_file(PLIST, content.replace(b"AND", b"&&"))
    assert only(system).confidence is Confidence.LIKELY


@pytest.mark.parametrize("verb", ["list", "print", "print-disabled"])
def test_a_launchctl_that_fails_is_told(verb: str) -> None:
    system, launchd = kept_alive()
    launchd.failing[verb] = 1
    found = reading(system)
    assert not found.complete
    assert "launchctl" in (found.problem or "") or "launchd domain" in (found.problem or "")
    assert [job.id for job in found.value] == [LABEL]


def test_a_variable_of_the_plist_and_the_home_folder_are_known() -> None:
    system, _ = mac()
    command = '"$GHOST_PYTHON" -m ghost.main; exec "$HOME/other"'
    environment = {"GHOST_PYTHON": PYTHON}
    arguments = ["/bin/sh", "-c", command]
    system.add_file(PLIST, plist(ProgramArguments=arguments, EnvironmentVariables=environment))
    assert only(system).link.kind is LinkKind.RUNS


def test_looking_changes_nothing() -> None:
    system, launchd = kept_alive()
    only(system)
    assert launchd.acts() == []
