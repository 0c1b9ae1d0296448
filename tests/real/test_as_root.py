"""Root looks at what belongs to somebody else, and nothing of it is run with root's rights."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.managers.service_folders.hold_folder import give_order
from ghostfix.model.errors import StepError
from tests.real.ghost_house import wait_until
from tests.real.real_program import ghostfix, profile

SCRATCH_USER = 65_534
"""``nobody``: a user that every machine has, and that owns nothing."""

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it is what is tested"),
    pytest.mark.skipif(sys.platform != "linux", reason="the user's number is Linux's"),
]
SERVICE = 'script = "main.py"\nenvironment = { venv = ".venv" }\n'


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the scratch user, with a venv whose Python writes down as whom it was run."""
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-test-"))
    try:
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
        python = folder / ".venv/bin/python"
        python.write_text(f'#!/bin/sh\necho "$(id -u) $(id -G) $HOME" >> "{folder}/run-as"\n')
        python.chmod(0o755)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, SCRATCH_USER, SCRATCH_USER)
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("command", ["diagnose", "repair --dry-run", "repair --yes"])
def test_a_profile_of_somebody_else_is_refused_before_anything_is_run(folder: Path, command: str) -> None:
    profile(folder, SERVICE)
    os.chown(folder / "ghostfix.toml", SCRATCH_USER, SCRATCH_USER)
    (folder / "below").mkdir()
    for place in (folder, folder / "below"):
        answered = ghostfix(place, *command.split())
        assert answered.status == 2, answered.stdout + answered.stderr
        assert f"uid {SCRATCH_USER}" in answered.stderr
        assert "--config" in answered.stderr
    assert not (folder / "run-as").exists()


def test_why_does_not_follow_it_either(folder: Path) -> None:
    profile(folder, SERVICE)
    os.chown(folder / "ghostfix.toml", SCRATCH_USER, SCRATCH_USER)
    assert ghostfix(folder, "why", "bad").status == 2
    assert not (folder / "run-as").exists()


def test_a_profile_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    profile(tmp_path, SERVICE)
    (tmp_path / "ghostfix.toml").chmod(0o666)
    answered = ghostfix(tmp_path, "diagnose")
    assert answered.status == 2
    assert "chmod o-w" in answered.stderr


def test_with_a_profile_of_roots_the_venv_is_tried_as_its_owner(folder: Path, tmp_path: Path) -> None:
    profile(tmp_path, f'directory = "{folder}"\n{SERVICE}')
    answered = ghostfix(folder, "diagnose", "--config", str(tmp_path / "ghostfix.toml"), "--format", "json")
    assert answered.status == 1, answered.stderr
    (line,) = (folder / "run-as").read_text().splitlines()
    uid, groups, home = line.split(" ", 2)
    assert uid == str(SCRATCH_USER)
    assert "0" not in groups.split()
    assert home != os.environ.get("HOME")


def test_what_anybody_may_write_is_run_by_nobody(folder: Path, tmp_path: Path) -> None:
    for place in (folder, *folder.rglob("*")):
        os.chown(place, 0, 0)
    (folder / ".venv/bin").chmod(0o777)
    profile(tmp_path, f'directory = "{folder}"\n{SERVICE}')
    answered = ghostfix(folder, "diagnose", "--config", str(tmp_path / "ghostfix.toml"), "--format", "json")
    assert "can be written by others" in answered.unread["broken-venv"]
    assert not (folder / "run-as").exists()


TELLS = '#!/bin/sh\nid -u >> "{folder}/run-as"\n'


@pytest.mark.parametrize("program", ["/usr/bin/tail", "/usr/bin/su"])
@pytest.mark.parametrize("manager", ["supervisord", "circusd", "PM2 v6.0.0: God Daemon"])
def test_what_calls_itself_a_manager_has_nothing_run_as_root(
    folder: Path, tmp_path: Path, manager: str, program: str
) -> None:
    """Its name and its folder are a stranger's choice, even where the program is one that is root's."""
    for name in ("supervisorctl", "circusctl", "pm2", "node"):
        (folder / name).write_text(TELLS.format(folder=folder))
        (folder / name).chmod(0o755)
    (folder / "supervisord.conf").write_text("[supervisord]\n[watcher:bad]\ncmd = python3\nargs = main.py\n")
    (folder / "rpc.sock").touch()
    for place in (folder, *folder.rglob("*")):
        os.chown(place, SCRATCH_USER, SCRATCH_USER)
    profile(tmp_path, f'directory = "{folder}"\nscript = "main.py"\n')
    owner = 0 if os.stat(program).st_mode & stat.S_ISUID else SCRATCH_USER
    named = f"{manager} ({folder})" if manager.startswith("PM2") else f"{folder}/{manager}"
    with subprocess.Popen(
        [named, "-f" if owner else "-c", f"{folder}/supervisord.conf"],
        executable=program,
        user=SCRATCH_USER,
        group=SCRATCH_USER,
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin", "PM2_HOME": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as impostor:
        try:
            wait_until(lambda: os.stat(f"/proc/{impostor.pid}").st_uid == owner, 5.0, "it has its rights")
            answered = ghostfix(folder, "diagnose", "--config", str(tmp_path / "ghostfix.toml"))
            assert impostor.poll() is None
        finally:
            impostor.kill()
    assert answered.status in (1, 3), answered.stderr
    ran = (folder / "run-as").read_text().split() if (folder / "run-as").exists() else []
    assert set(ran) == ({str(SCRATCH_USER)} if owner else set())


@pytest.mark.skipif(shutil.which("sv") is None, reason="needs Debian's package runit")
def test_an_order_to_a_folder_of_somebody_else_writes_nothing_as_root(folder: Path, tmp_path: Path) -> None:
    """``sv`` writes a letter into a file of the folder, wherever a link leads."""
    victim = tmp_path / "victim"
    victim.write_text("root:x:0:0")
    (folder / "supervise").mkdir()
    (folder / "supervise/ok").touch()
    (folder / "supervise/status").write_bytes(bytes(17) + b"u" + bytes(2))
    (folder / "supervise/control").symlink_to(victim)
    for place in (folder, *folder.rglob("*")):
        os.chown(place, SCRATCH_USER, SCRATCH_USER, follow_symlinks=False)
    with pytest.raises(StepError, match="failed"):
        give_order(local_system(), ("sv", "-w", "1", "down"), str(folder))
    assert victim.read_text() == "root:x:0:0"


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_user_s_symlink_leads_no_repair_to_the_files_of_root(
    folder: Path, tmp_path: Path, mode: int
) -> None:
    """The folder of the PID files is one; what it leads to is said, and stays as it is."""
    secret = tmp_path / "secret"
    secret.mkdir()
    for name, text in (("precious.pid", "4194303\n"), ("config.pid", "not a number\n")):
        (secret / name).write_text(text)
        os.utime(secret / name, (1, 1))
    secret.chmod(mode)
    (folder / "run").symlink_to(secret)
    os.chown(folder / "run", SCRATCH_USER, SCRATCH_USER, follow_symlinks=False)
    profile(tmp_path, f'directory = "{folder}"\nscript = "main.py"\npidfiles = ["run/*.pid"]\n')
    before = sorted((path.name, path.stat().st_ino, path.stat().st_ctime_ns) for path in secret.iterdir())
    answered = ghostfix(
        folder,
        "repair",
        "--yes",
        "--config",
        str(tmp_path / "ghostfix.toml"),
        variables={"XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert answered.status == 4, answered.stdout + answered.stderr
    assert "whose symlink" in " ".join(answered.stdout.split())
    after = sorted((path.name, path.stat().st_ino, path.stat().st_ctime_ns) for path in secret.iterdir())
    assert after == before
