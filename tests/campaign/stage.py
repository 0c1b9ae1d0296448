"""The services of the campaign, and whoever plays ghostfix on them."""

import shutil
import zlib
from pathlib import Path

import msgspec
import psutil

from ghostfix.model.step import Captured, Step
from ghostfix.repair import undo_data
from tests.campaign.player import HOLD, Answer, Request
from tests.campaign.world import USERS, World

ONE, TWO = USERS
ONLY = ("--only", "rogue-restarter,unlocked-cron-job")
REPAIR = ("repair", "--yes", *ONLY, "--no-start", "--hold-for", "0s", "--quiet")
UNDO = ("undo", "--yes")
_YEAR = 31_536_000


class Player:
    """One user's ghostfix."""

    def __init__(self, world: World, user: str) -> None:
        self._process = world.begin(user, str(world.python), "-m", "tests.campaign.player")
        self.state = world.state(user)

    def begin(self, request: Request) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{msgspec.json.encode(request).decode()}\n")
        self._process.stdin.flush()

    def answer(self) -> Answer:
        assert self._process.stdout is not None
        return msgspec.json.decode(self._process.stdout.readline(), type=Answer)

    def play(self, request: Request) -> Answer:
        self.begin(request)
        return self.answer()

    def forget(self) -> None:
        """Without any run of before."""
        shutil.rmtree(self.state, ignore_errors=True)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def service(world: World, user: str, name: str) -> Path:
    """A service of this user's that does not run, with its profile; gives its folder."""
    folder = world.home(user) / name
    folder.mkdir()
    (folder / "w.py").write_text("import time\ntime.sleep(1000)\n")
    (folder / "ghostfix.toml").write_text(profile(name))
    world.own(user, folder, *folder.iterdir())
    return folder


def profile(name: str) -> str:
    return f'[services.{name}]\nscript = "w.py"\nstart = ["python3", "w.py"]\n'


def hold(step: Step) -> tuple[str, ...]:
    """The words by which a player does this step alone."""
    return (HOLD, undo_data.encode(step, Captured()).decode())


def sleeper(folder: Path) -> tuple[str, str]:
    """What a manager runs for the service of this folder: known by its argument, a number of seconds."""
    return "/bin/sleep", str(_YEAR + zlib.crc32(str(folder).encode()))


def sleeps(folder: Path) -> bool:
    """Whether that runs."""
    wanted = [*sleeper(folder)]
    return any(process.info["cmdline"] == wanted for process in psutil.process_iter(["cmdline"]))
