"""While root acts in a user's folder, that user exchanges it for a symlink, as fast as he can.

What root alone may write to is never reached: not by a hold, not by its undo, not by an adoption, not by an
edit of a profile, not by the move of a PID file.
"""

import os
import select
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.model.errors import StepError
from ghostfix.model.snapshot import PidFile, PidFileState
from ghostfix.model.step import Captured, Fact, SavedFile
from ghostfix.steps.name_manager import NameManager
from ghostfix.steps.remove_pidfile import RemovePidFile
from ghostfix.system import LocalSystem
from ghostfix.system.atomic_rename import c_library, exchange

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights that others lack"),
    pytest.mark.skipif(sys.platform != "linux", reason="names are exchanged in one instant (renameat2)"),
]
SYSTEM = LocalSystem()
APP = 61_735
NO_PID = 4_000_000
"""Above the highest PID that Linux gives out by default on any machine with fewer than 123 CPUs."""
ATTEMPTS = 150
PROFILE = b'[services.web]\nscript = "web.py"\n'
HELD = b"held by ghostfix: `ghostfix undo` removes this file\n"


def hold(folder: str) -> None:
    HoldServiceFolder(reason="r", suite="runit", folder=folder).apply(SYSTEM)


def undo_hold(folder: str) -> None:
    step = HoldServiceFolder(reason="r", suite="runit", folder=folder)
    step.undo(SYSTEM, Captured(files=(SavedFile(path=f"{folder}/down"),), facts=(Fact("wanted", "no"),)))


def adopt(folder: str) -> None:
    JobFile(path=f"{folder}/new/web.service", content=b"[Service]\n").write(SYSTEM)


def undo_adopt(folder: str) -> None:
    job = JobFile(path=f"{folder}/web.service", content=b"[Service]\n")
    job.take_away(SYSTEM, SavedFile(path=job.path), f"{folder}/empty")


def name_manager(folder: str) -> None:
    step = NameManager(
        reason="r", profile=f"{folder}/ghostfix.toml", service="web", manager="cron", before=PROFILE
    )
    if step.precondition(SYSTEM) is None:
        step.apply(SYSTEM)


def remove_pidfile(folder: str) -> None:
    path = f"{folder}/web.pid"
    seen = PidFile(
        path=path,
        status=SYSTEM.status(path).value,
        content=SYSTEM.read(path, 99).value,
        state=PidFileState.READABLE,
        pid=NO_PID,
    )
    step = RemovePidFile(reason="r", pidfile=seen)
    if step.precondition(SYSTEM) is None:
        captured = step.capture(SYSTEM)
        step.apply(SYSTEM)
        step.undo(SYSTEM, captured)


ACTS: dict[str, Callable[[str], None]] = {
    act.__name__: act for act in (hold, undo_hold, adopt, undo_adopt, name_manager, remove_pidfile)
}


@contextmanager
def exchanging(house: Path) -> Iterator[None]:
    """Another user exchanges ``run``, a folder, and ``bent``, a symlink, until the context ends."""
    told, tell = os.pipe()
    end, ended = os.pipe()
    c_library()  # the other user could not load it from root's home
    child = os.fork()
    if child == 0:
        try:
            os.close(ended)
            os.setgroups(())
            os.setgid(APP)
            os.setuid(APP)
            folder = os.open(house, os.O_RDONLY)
            exchange("run", "bent", folder)
            os.write(tell, b"1")
            while not select.select((end,), (), (), 0)[0]:
                for _ in range(100):
                    exchange("run", "bent", folder)
        finally:
            os._exit(0)
    os.close(tell)
    os.close(end)
    try:
        assert os.read(told, 1) == b"1", "the other user came to nothing"
        yield
    finally:
        os.close(ended)
        os.close(told)
        os.waitpid(child, 0)


def fill(folder: Path, owner: int) -> None:
    """The same files that the user has: nothing but the way tells them apart."""
    (folder / "empty").mkdir(exist_ok=True)
    for name, content in (
        ("web.service", b"[Service]\n"),
        ("ghostfix.toml", PROFILE),
        ("web.pid", b"%d\n" % NO_PID),
        ("down", HELD),
    ):
        (folder / name).write_bytes(content)
    for path in folder.iterdir():
        os.chown(path, owner, owner)


def look(folder: Path) -> list[tuple[str, int, int, int]]:
    """Each name below it, and which file it is, of which size and whose."""
    return sorted(
        (str(path.relative_to(folder)), seen.st_ino, seen.st_size, seen.st_uid)
        for path in folder.rglob("*")
        if (seen := path.lstat())
    )


@pytest.fixture
def ground() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="ghostfix-bent-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("act", ACTS)
def test_nothing_of_root_s_is_touched(ground: Path, act: str) -> None:
    house, secret = ground / "house", ground / "secret"
    secret.mkdir()
    fill(secret, 0)
    if act == "hold":
        (secret / "down").unlink()
    (house / "run").mkdir(parents=True)
    (house / "bent").symlink_to(secret)
    for path in (house, house / "run", house / "bent"):
        os.chown(path, APP, APP, follow_symlinks=False)
    own = house / "run"
    descriptor = os.open(own, os.O_RDONLY)
    before = look(secret)
    with exchanging(house):
        for _ in range(ATTEMPTS):
            real = Path(f"/proc/self/fd/{descriptor}")
            fill(real, APP)
            if act == "hold":
                (real / "down").unlink()
            shutil.rmtree(real / "new", ignore_errors=True)
            with suppress(StepError):
                ACTS[act](str(own))
            assert look(secret) == before
    os.close(descriptor)
    assert os.geteuid() == 0
