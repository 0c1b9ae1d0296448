"""The configuration of a genuine supervisord on which is played: each of its services is a program."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ghostfix.managers.supervisord.hold_program import HoldSupervisorProgram
from tests.campaign.stage import hold, sleeper, sleeps
from tests.campaign.world import World
from tests.real.ghost_house import wait_until


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
            f"[program:{folder.name}]\ncommand = {' '.join(sleeper(folder))}\nstartsecs = 0\n"
            f"autostart = true ; {number}\n"
            for number, folder in enumerate(self.folders)
        )
        return "".join((head, *programs)).encode()

    def begin(self, world: World, user: str) -> "Programs":
        """Starts the supervisord, as this user; it ends with the namespace."""
        self.install()
        world.own(user, self.path)
        daemon = world.begin(user, str(world.python.with_name("supervisord")), "-c", str(self.path))
        wait_until((self.path.parent / "d.sock").exists, 30, f"supervisord ({daemon.pid}) listens")
        wait_until(lambda: all(map(sleeps, self.folders)), 30, "its programs")
        return self

    def install(self) -> None:
        self.path.write_bytes(self.content)

    def repair(self, number: int) -> tuple[str, ...]:
        config = str(self.path)
        return hold(
            HoldSupervisorProgram(
                reason="campaign", program=self.folders[number].name, file=config, config=config
            )
        )

    def holds(self, number: int) -> bool:
        return not self._starts(number) and not sleeps(self.folders[number])

    def is_free(self, number: int) -> bool:
        return self._starts(number) and sleeps(self.folders[number])

    def _starts(self, number: int) -> bool:
        return b"; %d\n" % number in self.path.read_bytes()

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
