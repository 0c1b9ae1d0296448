"""A supervised service folder of the in-memory machine, with the control programs of its suite."""

from dataclasses import dataclass

from ghostfix.managers.service_folders.folder import SUITES
from ghostfix.model.machine import CommandAnswer
from tests.fake_system import FakeSystem, answered

FOLDER = "/srv/sv/ghost"
SUPERVISOR = 300


@dataclass
class FakeServiceFolder:
    """Whoever is started gets a new PID; ``silent``: orders are taken and not followed."""

    system: FakeSystem
    kind: str
    pid: int = 500
    wanted: bool = True
    silent: bool = False
    stubborn: bool = False
    """What is told to end does not."""
    unsteady: bool = False
    """What is started ends, and is started again."""
    complaint: str = ""

    def __post_init__(self) -> None:
        suite = SUITES[self.kind]
        self.system.add_process(SUPERVISOR, (suite.supervisor, "ghost"), cwd=FOLDER)
        self.system.add_folder(FOLDER)
        for order in (suite.down, suite.up, suite.again):
            self.system.add_programs(order, lambda words, _: self.order(words))
            self.system.add_file(f"/usr/bin/{order[0]}", b"", mode=0o755)
        if suite.state:
            self.system.add_programs(suite.state, lambda words, _: self.state(words))
        self.system.on_wait.append(lambda _: self._wait())
        self.write()

    def order(self, words: tuple[str, ...]) -> CommandAnswer:
        suite = SUITES[self.kind]
        if self.complaint:
            return answered(words, 0, b"", self.complaint)
        if not self.silent:
            self.wanted = words[: len(suite.up)] == suite.up or (
                self.wanted and words[: len(suite.down)] != suite.down
            )
            ends = words[: len(suite.up)] != suite.up and not self.stubborn
            self.pid = 0 if ends else self.pid
            self.pid = self.pid or (600 + len(self.system.acts) if self.wanted else 0)
        self.write()
        return answered(words)

    def state(self, words: tuple[str, ...]) -> CommandAnswer:
        if self.complaint:
            return answered(words, 1, b"", self.complaint)
        up = self.pid != 0
        return answered(words, 0, f"{str(up).lower()} {str(self.wanted).lower()} {self.pid or -1}\n")

    def write(self) -> None:
        content = bytes(12) + self.pid.to_bytes(4, "little") + b"\0" + (b"u" if self.wanted else b"d")
        self.system.add_file(f"{FOLDER}/supervise/status", content)

    def _wait(self) -> None:
        if self.unsteady:
            self.pid += 1
            self.write()
