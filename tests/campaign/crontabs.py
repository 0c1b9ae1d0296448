"""A crontab on which is played: each of its services has a line of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from ghostfix.managers.cron.crontab import HELD_MARKER, held, split_lines
from tests.campaign.stage import REPAIR
from tests.campaign.tally import content_of, is_adopted
from tests.campaign.world import SPOOL, USERS
from tests.real.ghost_house import wait_until

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

    def is_free(self, number: int) -> bool:
        return self.lines[number] in content_of(self.path).splitlines(keepends=True)

    def original(self) -> bytes:
        """What it would hold if nothing were held, and nothing adopted."""
        lines = split_lines(content_of(self.path))
        return b"".join(line.removeprefix(HELD_MARKER) for line in lines if not is_adopted(line))

    def settle(self) -> None:
        """Waits for what was left alone with it: a crontab program that goes on without ghostfix."""
        wait_until(lambda: not _goes_on("crontab"), 30, "crontab has ended")

    def temporary_files(self) -> list[Path]:
        return [path for path in SPOOL.iterdir() if path.name not in USERS]


def _goes_on(name: str) -> bool:
    """Whether a program of this name runs; one that has ended may have no parent that takes notice."""
    return any(
        process.info["name"] == name and process.info["status"] != psutil.STATUS_ZOMBIE
        for process in psutil.process_iter(["name", "status"])
    )
