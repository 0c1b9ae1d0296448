"""A machine of the campaign's own: two users, their homes and a spool, in a mount namespace.

Nothing of it is there for the rest of the machine: the users stand in a copy of /etc that only this namespace
sees, and the spool is a file system in memory. It ends with the last process in it.
"""

import grp
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.pm2_program import npm_folder
from tests.real.restarter_bench import inside, machine

REPOSITORY = Path(__file__).resolve().parents[2]
SPOOL = Path("/var/spool/cron/crontabs")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USERS = {"ghostfix-one": 64_101, "ghostfix-two": 64_102}


_OTHERS = {
    "python": sys.base_prefix,
    "repository": str(REPOSITORY),
    "packages": sysconfig.get_path("purelib"),
    "npm": str(npm_folder()),
}
"""What the namespace shows in a folder of its own, read-only: users may not be able to go where it is."""


@contextmanager
def folder_of_world() -> Iterator[Path]:
    """The folder, with nothing in it but places for ``_OTHERS``; removed when the namespace has ended.

    That is outside of the namespace, where nothing is mounted there: a folder of ``_OTHERS`` that is not
    empty then is left as it is, with all the rest.
    """
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-campaign-", dir="/var/tmp"))
    for name in _OTHERS:
        (folder / name).mkdir()
    try:
        yield folder
    finally:
        for name in _OTHERS:
            (folder / name).rmdir()
        shutil.rmtree(folder)


def enter(*words: str) -> int:
    """Runs this program again in a namespace of its own; gives its exit status."""
    own = ("--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")
    command = ("unshare", *own, sys.executable, *words)
    return subprocess.run(command, check=False).returncode


def boot_and_enter(folder: Path, *words: str) -> int:
    """As ``enter``, in a throw-away machine with a systemd, which sees the folder; gives the exit status."""
    with machine(folder / "machine"):
        command = (*inside(folder / "machine"), "env", f"PYTHONPATH={REPOSITORY}", sys.executable, *words)
        return subprocess.run(command, check=False).returncode


@dataclass(frozen=True)
class World:
    """The folder with everything in it; users can read it, and each owns a home."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of an environment with this ghostfix, where every user reaches it."""
        return self.folder / "venv" / "bin" / "python"

    def home(self, user: str) -> Path:
        return self.folder / "home" / user

    def state(self, user: str) -> Path:
        return self.home(user) / ".local" / "state"

    def environment(self, user: str) -> dict[str, str]:
        return {
            "PATH": f"{self.python.parent}:{self.folder}/npm/node_modules/.bin:{_SYSTEM_PATH}",
            "HOME": str(self.home(user)),
            "XDG_STATE_HOME": str(self.state(user)),
            "USER": user,
            "LOGNAME": user,
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "200",
        }

    def begin(self, user: str, *words: str) -> "subprocess.Popen[str]":
        """Starts a command as this user, with pipes for its input and output."""
        account = pwd.getpwnam(user)
        return subprocess.Popen(
            words,
            cwd=self.home(user),
            env=self.environment(user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=os.getgrouplist(user, account.pw_gid),
        )

    def run(self, user: str, *words: str) -> str:
        """What a command of this user's answers; it must succeed."""
        process = self.begin(user, *words)
        answer, _ = process.communicate(timeout=60)
        assert process.returncode == 0, (words, answer)
        return answer

    def own(self, user: str, *paths: Path) -> None:
        """Gives them to this user."""
        account = pwd.getpwnam(user)
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)


def build(folder: Path, own_etc: bool) -> World:
    """Mounts and makes all of it; to be called in the namespace, which may have an /etc of its own."""
    folder.chmod(0o755)
    if not own_etc:
        _copy_etc(folder)
    _add_users(folder)
    for name, source in _OTHERS.items():
        _mount("--bind", source, str(folder / name))
        _mount("-o", "remount,bind,ro", str(folder / name))  # whatever goes wrong in here, it is not theirs
    _make_environment(folder)
    _mount("-t", "tmpfs", "-o", "mode=0755", "none", str(SPOOL.parent))
    SPOOL.mkdir()
    os.chown(SPOOL, 0, grp.getgrnam("crontab").gr_gid)
    SPOOL.chmod(0o1730)
    world = World(folder)
    for name, uid in {**USERS, "root": 0}.items():
        world.home(name).mkdir(parents=True)
        os.chown(world.home(name), uid, uid)
    # A daemon by its name: without one no service is given to cron.
    shutil.copy("/bin/sleep", folder / "crond")
    subprocess.Popen((str(folder / "crond"), "infinity"), stdin=subprocess.DEVNULL)
    return world


def _make_environment(folder: Path) -> None:
    """As ``python -m venv`` makes it, with the modules of the one that runs the campaign."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs, packages = folder / "venv" / "bin", folder / "venv" / "lib" / version / "site-packages"
    programs.mkdir(parents=True)
    packages.mkdir(parents=True)
    (folder / "venv" / "pyvenv.cfg").write_text(f"home = {folder}/python/bin\n")
    (programs / "python").symlink_to(folder / "python" / "bin" / version)
    (packages / "campaign.pth").write_text(f"{folder}/repository\n{folder}/packages\n")
    for name in ("ghostfix.cli", "supervisor.supervisord", "supervisor.supervisorctl"):
        program = programs / name.removesuffix(".cli").removeprefix("supervisor.")
        program.write_text(f"#!{programs}/python\nfrom {name} import main\nmain()\n")
        program.chmod(0o755)


def _copy_etc(folder: Path) -> None:
    """All of it: a mere copy of passwd would be gone with the next useradd.

    (A file that is renamed elsewhere over a place where something is mounted takes that mount away.)
    """
    subprocess.run(("cp", "-a", "/etc", str(folder / "etc")), check=True)
    _mount("--bind", str(folder / "etc"), "/etc")


def _add_users(folder: Path) -> None:
    """The users, and no job of cron's besides theirs. ``*``: no password, and none to look for in shadow."""
    with Path("/etc/passwd").open("a") as passwd, Path("/etc/group").open("a") as group:
        for name, uid in USERS.items():
            passwd.write(f"{name}:*:{uid}:{uid}::{folder}/home/{name}:/bin/sh\n")
            group.write(f"{name}:x:{uid}:\n")
    for job in Path("/etc/cron.d").iterdir():
        job.unlink()


def _mount(*words: str) -> None:
    subprocess.run(("mount", *words), check=True)
