"""What root runs as another user gets a fresh environment: root's holds secrets, and a user reads it."""

import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from ghostfix.commands.machine import local_system
from ghostfix.model.service import Service
from ghostfix.service.running_instances import running_instances
from ghostfix.steps.start_service import StartService
from tests.real.ghost_house import GhostHouse, free_port, wait_until

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as another user"),
]
USER = "nobody"
SECRET = "root-only-8c1f"
ALLOWED = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ"}
OF_A_SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}
"""What sh sets by itself."""


@pytest.fixture(autouse=True)
def roots_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "SSH_AUTH_SOCK",
        "PIP_INDEX_URL",
        "LD_LIBRARY_PATH",
        "NODE_OPTIONS",
    ):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("TZ", "Europe/Vienna")
    monkeypatch.setenv("LC_TIME", "C.UTF-8")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of another user's, with a venv whose Python writes down what it is given."""
    made = Path(tempfile.mkdtemp(prefix="ghostfix-environment-"))
    (made / ".venv/bin").mkdir(parents=True)
    (made / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    python = made / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nenv >>"{made}/seen"\nexec /usr/bin/python3 "$@"\n')
    python.chmod(0o755)
    (made / "work.py").write_text("import time\ntime.sleep(1000)\n")
    account = pwd.getpwnam(USER)
    for place in (made, *made.rglob("*")):
        os.chown(place, account.pw_uid, account.pw_gid)
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def assert_fresh(variables: Mapping[str, str], *given: str) -> None:
    """Nothing but what is that user's, the machine's, or was given to it."""
    account = pwd.getpwnam(USER)
    others = {name for name in variables if not name.startswith("LC_")} - ALLOWED - OF_A_SHELL
    assert others == set(given)
    assert SECRET not in " ".join(variables.values())
    assert (variables["HOME"], variables["USER"], variables["LOGNAME"]) == (account.pw_dir, USER, USER)
    assert variables["SHELL"] == account.pw_shell
    assert variables["TZ"] == "Europe/Vienna"
    assert "/usr/bin" in variables["PATH"].split(":")
    assert "/root" not in variables["PATH"]


def parsed(text: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in text.splitlines())


def test_a_diagnosis_that_tries_a_users_python(folder: Path, tmp_path: Path) -> None:
    profile = tmp_path / "ghostfix.toml"
    profile.write_text(
        f'[services.work]\ndirectory = "{folder}"\nscript = "work.py"\nenvironment = {{ venv = ".venv" }}\n'
    )
    GhostHouse(tmp_path, free_port()).ghostfix("diagnose", "--config", str(profile))
    assert_fresh(parsed((folder / "seen").read_text()))


def test_a_service_that_a_repair_starts(folder: Path) -> None:
    system = local_system()
    service = Service(
        name="work",
        profile="test",
        directory=str(folder),
        script="work.py",
        start=("/usr/bin/python3", "work.py"),
    )
    step = StartService(reason="r", service=service).run_as(USER)
    assert step.precondition(system) is None
    captured = step.capture(system)
    step.apply(system)
    (process,) = running_instances(system, service)
    assert_fresh(psutil.Process(process.pid).environ(), "GHOSTFIX_STARTED")
    step.undo(system, captured)


def test_a_program_that_only_roots_path_has_is_refused_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its start would fail: a user's programs are looked for on a standard PATH."""
    (tmp_path / "worker").write_text("#!/bin/sh\n")
    (tmp_path / "worker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    service = Service(
        name="work", profile="test", directory=str(folder), start=("worker",), command=("worker",)
    )
    refused = StartService(reason="r", service=service).run_as(USER).precondition(local_system())
    assert refused is not None
    assert "is not on the PATH of nobody's programs" in refused.reason


@pytest.mark.parametrize("words", [(), ("--restart", "on-failure")])
def test_what_ghostfix_run_becomes(folder: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    profile = tmp_path / "ghostfix.toml"
    profile.write_text(
        f'[services.work]\ndirectory = "{folder}"\nscript = "work.py"\n'
        'start = ["/usr/bin/python3", "work.py"]\n'
    )
    house = GhostHouse(tmp_path, free_port())
    service = Service(name="work", profile="test", directory=str(folder), script="work.py")
    try:
        house.start(sys.executable, "-m", "ghostfix", "run", "work", "--config", str(profile), *words)
        wait_until(lambda: bool(running_instances(local_system(), service)), 20, "the service")
        (process,) = running_instances(local_system(), service)
        assert_fresh(psutil.Process(process.pid).environ(), "GHOSTFIX_RUN")
    finally:
        for one in running_instances(local_system(), service):
            os.kill(one.pid, signal.SIGKILL)
        house.close()


def test_every_command_that_root_runs_as_a_user() -> None:
    answer = local_system().ask(("/usr/bin/env",), user=USER)
    variables = parsed(answer.text)
    assert_fresh(variables)
    assert variables["LC_ALL"] == "C.UTF-8"


def test_roots_own_programs_keep_roots_environment() -> None:
    assert f"AWS_SECRET_ACCESS_KEY={SECRET}" in local_system().ask(("/usr/bin/env",), user="root").text
