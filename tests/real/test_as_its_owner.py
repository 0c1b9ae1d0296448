"""Root repairs a service of another user's: what lies in that folder gets that user's rights, and no more."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from ghostfix.commands.machine import local_system
from ghostfix.managers.service_folders.folder import S6, state_of
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem
from ghostfix.model.service import Service
from ghostfix.model.step import Refused
from ghostfix.service.running_instances import running_instances
from ghostfix.service.trust import runner
from ghostfix.steps.create_venv import CreateVenv
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.start_service import StartService
from ghostfix.steps.stop_process import StopProcess

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root can act as another user"),
]
USER = "nobody"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of another user's, where that user can get to."""
    made = Path(tempfile.mkdtemp(prefix="ghostfix-owner-"))
    os.chown(made, pwd.getpwnam(USER).pw_uid, pwd.getpwnam(USER).pw_gid)
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def system() -> ActingSystem:
    return local_system()


@pytest.fixture
def service(folder: Path, system: ActingSystem) -> Iterator[Service]:
    script = folder / "run.sh"
    script.write_text("#!/bin/sh\nid -u\nid -G\necho home $HOME\nexec sleep 1000\n")
    script.chmod(0o755)
    found = Service(
        name="theirs",
        profile="test",
        directory=str(folder),
        command=("sleep", "1000"),
        start=("./run.sh",),
        logs=("logs/out.log",),
    )
    yield found
    for process in running_instances(system, found):
        os.kill(process.pid, signal.SIGKILL)


def test_it_is_started_as_the_owner(service: Service, system: ActingSystem, folder: Path) -> None:
    assert runner(system, (service.directory,)).value == USER
    step = StartService(reason="r", service=service).run_as(USER)
    assert f"start theirs as {USER}: ./run.sh" in step.preview()
    assert step.precondition(system) is None
    captured = step.capture(system)
    step.apply(system)
    (process,) = running_instances(system, service)
    account = pwd.getpwnam(USER)
    assert (process.uid, process.user) == (account.pw_uid, USER)
    groups = set(os.getgrouplist(USER, account.pw_gid))
    first, *lines = (folder / "logs/out.log").read_text().splitlines()
    assert first.startswith("--- ghostfix started theirs")
    assert lines[0] == str(account.pw_uid)
    assert set(map(int, lines[1].split())) == groups
    assert lines[2] == f"home {account.pw_dir}"
    assert (folder / "logs").stat().st_uid == account.pw_uid
    assert (folder / "logs/out.log").stat().st_uid == account.pw_uid
    assert os.geteuid() == 0
    step.undo(system, captured)
    assert running_instances(system, service) == ()


def test_root_does_not_start_it_as_itself(service: Service, system: ActingSystem) -> None:
    verdict = StartService(reason="r", service=service).precondition(system)
    assert verdict == Refused(f"{USER} could change what would be run as root")


def test_a_log_that_leads_elsewhere_gives_no_rights_away(
    service: Service, system: ActingSystem, folder: Path, tmp_path: Path
) -> None:
    """The owner made a symlink of the log's folder: only what the owner may write to is written to."""
    (folder / "logs").symlink_to(tmp_path)
    step = StartService(reason="r", service=service).run_as(USER)
    with pytest.raises(StepError):
        step.apply(system)
    assert list(tmp_path.iterdir()) == []
    assert os.geteuid() == 0
    assert running_instances(system, service) == ()


def test_a_planned_user_who_is_not_there(service: Service, system: ActingSystem) -> None:
    step = StartService(reason="r", service=structs.replace(service)).run_as("no-such-user")
    with pytest.raises(StepError, match="there is no user no-such-user"):
        step.apply(system)


@pytest.mark.slow
def test_its_venv_is_made_and_filled_as_the_owner(system: ActingSystem, folder: Path) -> None:
    """Nothing of it belongs to root, and undo takes it out of the way again."""
    venv, owner = folder / ".venv", pwd.getpwnam(USER).pw_uid
    make = CreateVenv(reason="r", path=str(venv), replaces_broken=False, python="/usr/bin/python3").run_as(
        USER
    )
    assert make.precondition(system) is None
    made = make.capture(system)
    make.apply(system)
    install = InstallPackages(reason="r", python=f"{venv}/bin/python", packages=("iniconfig",)).run_as(USER)
    assert f"as {USER}" in install.preview()
    assert install.precondition(system) is None
    before = install.capture(system)
    install.apply(system)
    assert list(venv.glob("lib/python3*/site-packages/iniconfig/__init__.py"))
    assert {path.lstat().st_uid for path in venv.rglob("*")} == {owner}
    assert os.geteuid() == 0
    install.undo(system, before)
    assert not list(venv.glob("lib/python3*/site-packages/iniconfig"))
    make.undo(system, made)
    assert not venv.exists()


def test_root_makes_no_venv_as_itself(system: ActingSystem, folder: Path) -> None:
    step = CreateVenv(
        reason="r", path=str(folder / ".venv"), replaces_broken=False, python="/usr/bin/python3"
    )
    assert step.precondition(system) == Refused(f"{USER} could change what would be run as root")


def test_stopping_needs_no_owner(service: Service) -> None:
    """Acts that run nothing of the user's stay root's own."""
    process = local_system().process(os.getpid())
    assert process is not None
    step = StopProcess(reason="r", process=process)
    assert step.run_as(USER) is step


WITH_ANOTHERS_RIGHTS = """
import os, sys
sys.addaudithook(lambda event, args: event == "import" and os.geteuid() and print("loaded:", args[0]))
from ghostfix.system import LocalSystem
system = LocalSystem()
folder = sys.argv[1]
system.create(f"{folder}/a", b"1", 0o644)
system.replace(f"{folder}/a", b"2", system.status(f"{folder}/a").value, b"1")
aside = system.move_aside(f"{folder}/a", system.status(f"{folder}/a").value, b"2")
system.move_back(aside, f"{folder}/a")
system.append(f"{folder}/a", b"3", 0o644)
system.remove(f"{folder}/a", system.status(f"{folder}/a").value, b"23")
print("done")
"""


def test_nothing_is_loaded_with_anothers_rights(folder: Path) -> None:
    """A Python in root's home, a pyenv's say, cannot be read with them: the act would be a fault of ours."""
    answer = subprocess.run(
        (sys.executable, "-c", WITH_ANOTHERS_RIGHTS, str(folder)), capture_output=True, text=True, check=False
    )
    assert answer.stdout == "done\n", answer.stdout + answer.stderr


@pytest.mark.skipif(shutil.which("s6-svstat") is None, reason="needs Debian's package s6")
def test_the_state_of_a_service_folder_is_asked_for_as_its_owner(
    system: ActingSystem, folder: Path, tmp_path: Path
) -> None:
    """Its owner may link what is opened there to a device, and to open one may be an act."""
    precious = tmp_path / "precious"
    precious.touch(0o600)
    supervise = folder / "supervise"
    supervise.mkdir()
    (supervise / "lock").symlink_to(precious)
    (supervise / "status").symlink_to(precious)
    state = state_of(S6, system, str(folder))
    assert not state.complete
    assert "Permission denied" in (state.problem or "")


@pytest.mark.skipif(shutil.which("s6-svstat") is None, reason="needs Debian's package s6")
def test_a_service_folder_that_several_may_change_is_not_asked_about(
    system: ActingSystem, folder: Path
) -> None:
    folder.chmod(0o777)
    os.chown(folder, 0, 0)
    state = state_of(S6, system, str(folder))
    assert state.problem == (
        f"{folder}: s6-svstat was not run: {folder} can be written by others, so root does not run it"
    )
