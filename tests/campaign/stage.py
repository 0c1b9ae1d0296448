"""The services of the campaign, their crontabs, and whoever plays ghostfix on them."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec

from ghostfix.managers.cron.crontab import HELD_MARKER, held, split_lines
from tests.campaign.player import HOLD_PROGRAM, Answer, Request
from tests.campaign.tally import content_of, is_adopted
from tests.campaign.world import SPOOL, USERS, World
from tests.real.ghost_house import wait_until

ONE, TWO = USERS
ONLY = ("--only", "rogue-restarter,unlocked-cron-job")
REPAIR = ("repair", "--yes", *ONLY, "--no-start", "--hold-for", "0s", "--quiet")
UNDO = ("undo", "--yes")
SYSTEM_WIDE = "/etc/cron.d/campaign"


@dataclass(frozen=True)
class Crontab:
    """One that is played on: a user's, or a system-wide file."""

    user: str | None
    folders: tuple[Path, ...]
    """The folders of the services that it starts, one line each."""
    filler: int = 10
    """Comment lines around them."""

    @property
    def path(self) -> Path:
        return Path(SYSTEM_WIDE) if self.user is None else SPOOL / self.user

    @property
    def lines(self) -> tuple[bytes, ...]:
        column = "root " if self.user is None else ""
        return tuple(f"30 4 31 12 * {column}cd {each} && python3 w.py\n".encode() for each in self.folders)

    @property
    def content(self) -> bytes:
        filler = b"".join(b"# %0100d\t\n" % number for number in range(self.filler))
        return filler + b"LATE = 'a  b'\n".join(self.lines) + filler

    kind: ClassVar[str] = "hold-cron-line"

    def install(self) -> None:
        """As it is before anything is done."""
        if self.user is None:
            self.path.write_bytes(self.content)
        else:
            subprocess.run(("crontab", "-u", self.user, "-"), input=self.content, check=True)

    def repair(self, number: int) -> tuple[str, ...]:
        return REPAIR

    def holds(self, number: int) -> bool:
        return held(self.lines[number]) in content_of(self.path)

    def original(self) -> bytes:
        """What it would hold if nothing were held, and nothing adopted."""
        lines = split_lines(content_of(self.path))
        return b"".join(line.removeprefix(HELD_MARKER) for line in lines if not is_adopted(line))

    def temporary_files(self) -> list[Path]:
        return [path for path in SPOOL.iterdir() if path.name not in USERS]


@dataclass(frozen=True)
class Programs:
    """The configuration of a genuine supervisord with two programs."""

    path: Path
    folders: tuple[Path, ...]
    kind: ClassVar[str] = "hold-supervisor-program"

    @property
    def content(self) -> bytes:
        home = self.path.parent
        head = (
            f"[supervisord]\nnodaemon = true\nsilent = true\nlogfile = {home}/d.log\npidfile = {home}/d.pid\n"
            f"[unix_http_server]\nfile = {home}/d.sock\n"
            f"[supervisorctl]\nserverurl = unix://{home}/d.sock\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        programs = (
            f"[program:{folder.name}]\ncommand = sleep infinity\nautostart = true ; {number}\n"
            for number, folder in enumerate(self.folders)
        )
        return "".join((head, *programs)).encode()

    def begin(self, world: World, user: str) -> "Programs":
        """Starts the supervisord, as this user; it ends with the namespace."""
        self.install()
        account = pwd.getpwnam(user)
        os.chown(self.path, account.pw_uid, account.pw_gid)
        daemon = world.begin(user, str(world.python.with_name("supervisord")), "-c", str(self.path))
        wait_until((self.path.parent / "d.sock").exists, 30, f"supervisord ({daemon.pid}) listens")
        return self

    def install(self) -> None:
        self.path.write_bytes(self.content)

    def repair(self, number: int) -> tuple[str, ...]:
        return (HOLD_PROGRAM, self.folders[number].name, str(self.path))

    def holds(self, number: int) -> bool:
        return b"; %d\n" % number not in self.path.read_bytes()

    def original(self) -> bytes:
        lines = self.path.read_bytes().splitlines(keepends=True)
        before = [b"autostart = true ; %d\n" % number for number in range(len(self.folders))]
        starts = [index for index, line in enumerate(lines) if line.startswith(b"autostart")]
        for index, line in zip(starts, before, strict=True):
            if b"held by ghostfix" in lines[index]:
                lines[index] = line
        return b"".join(lines)

    def temporary_files(self) -> list[Path]:
        return [path for path in self.path.parent.iterdir() if path.name.startswith(f".{self.path.name}")]


class Player:
    """One user's ghostfix."""

    def __init__(self, world: World, user: str) -> None:
        self._process = world.begin(user, "-m", "tests.campaign.player")
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
    account = pwd.getpwnam(user)
    for path in (folder, *folder.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
    return folder


def profile(name: str) -> str:
    return f'[services.{name}]\nscript = "w.py"\nstart = ["python3", "w.py"]\n'
