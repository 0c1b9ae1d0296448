"""The home of a genuine pm2 on which is played: each of its services is an application."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec

from ghostfix.managers.pm2.hold_app import HoldPm2App
from tests.campaign.stage import hold, sleeper, sleeps
from tests.campaign.world import World
from tests.real.ghost_house import wait_until

Entry = dict[str, object]
"""What a dump says of one application: pm2's, whatever is in it."""
_BYSTANDER = "bystander"
"""An application that nobody holds."""


@dataclass
class Apps:
    """What a pm2 runs, and what it would bring back."""

    home: Path
    """Its PM2_HOME."""
    folders: tuple[Path, ...]
    content: bytes = b""
    """Its dump's applications as they are before anything is done, in the order of their names."""
    kind: ClassVar[str] = "hold-pm2-app"

    def begin(self, world: World, user: str) -> "Apps":
        """Starts the pm2, as this user; it ends with the namespace."""
        apps = [
            {"name": folder.name, "script": program, "args": seconds, "interpreter": "none"}
            for folder in (*self.folders, self.home / _BYSTANDER)
            for program, seconds in (sleeper(folder),)
        ]
        config = self.home.parent / "campaign.config.json"
        config.write_text(json.dumps({"apps": apps}))
        world.own(user, config)
        world.run(user, "pm2", "start", str(config))
        world.run(user, "pm2", "save", "--force")
        self.content = _encoded(self._dumped())
        return self

    def install(self) -> None:
        """Nothing: both are back by themselves, after a moment."""
        wait_until(lambda: all(map(sleeps, self.folders)), 30, "pm2 runs both applications")

    def repair(self, number: int) -> tuple[str, ...]:
        return hold(HoldPm2App(reason="campaign", app=self.folders[number].name, home=str(self.home)))

    def holds(self, number: int) -> bool:
        return not self._is_dumped(number) and not sleeps(self.folders[number])

    def is_free(self, number: int) -> bool:
        return self._is_dumped(number) and sleeps(self.folders[number])

    def original(self) -> bytes:
        held = {folder.name for number, folder in enumerate(self.folders) if self.holds(number)}
        before = msgspec.json.decode(self.content, type=list[Entry])
        return _encoded([*self._dumped(), *(entry for entry in before if entry["name"] in held)])

    def temporary_files(self) -> list[Path]:
        return [*self.home.glob("ghostfix*"), *self.home.glob(".dump*")]

    def _is_dumped(self, number: int) -> bool:
        return any(entry["name"] == self.folders[number].name for entry in self._dumped())

    def _dumped(self) -> list[Entry]:
        return msgspec.json.decode((self.home / "dump.pm2").read_bytes(), type=list[Entry])


def _encoded(entries: list[Entry]) -> bytes:
    return msgspec.json.encode(sorted(entries, key=lambda entry: str(entry["name"])))
