"""A folder of a genuine systemd's units on which is played: each of its services is a unit in it."""

import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ghostfix.managers.systemd.hold_unit import HOLD_FILE, HoldUnit
from tests.campaign.stage import hold, sleeper, sleeps
from tests.campaign.world import World
from tests.real.ghost_house import wait_until


@dataclass(frozen=True)
class Units:
    """The machine's, or one user's."""

    path: Path
    folders: tuple[Path, ...]
    user: str | None = None
    kind: ClassVar[str] = "hold-unit"

    def begin(self, world: World) -> "Units":
        """Writes the units and has them started; they end with the machine."""
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in self.folders:
            text = f"[Service]\nExecStart={' '.join(sleeper(folder))}\nRestart=always\n"
            (self.path / _unit(folder)).write_text(text)
        systemctl = ["systemctl"]
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            world.own(
                self.user, *(world.home(self.user) / ".config").rglob("*"), world.home(self.user) / ".config"
            )
            subprocess.run(("loginctl", "enable-linger", self.user), check=True)
            runtime = f"/run/user/{account.pw_uid}"
            wait_until(Path(f"{runtime}/systemd/private").exists, 30, "the user's systemd")
            become = ("setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups")
            systemctl = [*become, "env", f"XDG_RUNTIME_DIR={runtime}", "systemctl", "--user"]
        subprocess.run([*systemctl, "daemon-reload"], check=True)
        subprocess.run([*systemctl, "start", *map(_unit, self.folders)], check=True)
        return self

    @property
    def content(self) -> bytes:
        """Of its files, those of ghostfix's left out."""
        return b"".join(
            b"%s: %s\n" % (str(path).encode(), path.read_bytes())
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name != HOLD_FILE
        )

    def install(self) -> None:
        """Nothing: both are back by themselves, after a moment."""
        wait_until(lambda: all(map(sleeps, self.folders)), 30, "systemd runs both units")

    def repair(self, number: int) -> tuple[str, ...]:
        scope = "system" if self.user is None else f"user:{self.user}"
        return hold(HoldUnit(reason="campaign", unit=_unit(self.folders[number]), scope=scope))

    def holds(self, number: int) -> bool:
        return self._hold_file(number).exists() and not sleeps(self.folders[number])

    def is_free(self, number: int) -> bool:
        return not self._hold_file(number).parent.exists() and sleeps(self.folders[number])

    def original(self) -> bytes:
        return self.content

    def temporary_files(self) -> list[Path]:
        return [path for path in self.path.rglob("*") if path.name.startswith(".")]

    def _hold_file(self, number: int) -> Path:
        return self.path / f"{_unit(self.folders[number])}.d" / HOLD_FILE


def _unit(folder: Path) -> str:
    return f"campaign-{folder.name}.service"
