"""A supervisorctl for the in-memory machine, of one supervisord that runs."""

from dataclasses import dataclass, field

from ghostfix.managers.supervisord.daemon import programs_of
from ghostfix.model.machine import CommandAnswer
from tests.fake_system import FakeSystem, answered

BIN = "/opt/venv/bin"
CONFIG = "/srv/ghost/supervisord.conf"
DAEMON = 300


@dataclass
class FakeSupervisorctl:
    """``states``: name of each process -> (state, PID). Who is started gets a new PID."""

    system: FakeSystem
    states: dict[str, tuple[str, int]] = field(default_factory=dict)
    broken: str = ""
    stubborn: bool = False
    """What is told to stop does not."""
    reads: str = "No config updates to processes\n"
    """What it says of a changed configuration."""
    words: dict[str, str] = field(default_factory=dict)
    """What it says behind the state of a process."""
    failing: bool = False
    """What is started ends at once."""

    def __post_init__(self) -> None:
        self.system.add_process(
            DAEMON, (f"{BIN}/python3", f"{BIN}/supervisord", "-c", CONFIG), cwd="/srv/ghost"
        )
        self.system.add_file(f"{BIN}/supervisorctl", b"", mode=0o755)
        beginning = (f"{BIN}/supervisorctl", "-c", CONFIG)
        self.system.add_programs(beginning, lambda words, _: self.answer(words[3:]))

    def answer(self, words: tuple[str, ...]) -> CommandAnswer:
        verb, names = words[0], words[1:]
        if self.broken:
            return answered(words, 4, self.broken)
        if verb == "status":
            rows = [self._row(name, *state) for name, state in self.states.items()]
            status = 0 if all(state == "RUNNING" for state, _ in self.states.values()) else 3
            return answered(words, status, "".join(rows))
        if verb == "reread":
            return answered(words, 0, self.reads)
        if verb == "update":
            return self._update(words, names)
        if verb == "remove":
            for name in names:
                self.states.pop(name, None)
            return answered(words, 0, "removed process group\n")
        names = tuple(name for name in names if name in self.states)
        for name in names:
            if verb in ("stop", "restart") and not self.stubborn:
                self.states[name] = ("STOPPED", 0)
            if verb in ("start", "restart"):
                pid = 1000 + len(self.system.acts)
                self.states[name] = ("FATAL", 0) if self.failing else ("RUNNING", pid)
        told = {"stop": "stopped", "start": "started", "restart": "started"}[verb]
        return answered(words, 0, "".join(f"{name}: {told}\n" for name in names))

    def _update(self, words: tuple[str, ...], names: tuple[str, ...]) -> CommandAnswer:
        """Takes what its configuration has by now, for these groups alone."""
        there = {program.name for program in programs_of(self.system, CONFIG).value.programs}
        for name in names:
            if name not in there:
                self.states.pop(name, None)
            elif name not in self.states:
                pid = 1000 + len(self.system.acts)
                self.states[name] = ("FATAL", 0) if self.failing else ("RUNNING", pid)
        return answered(words, 0, "".join(f"{name}: updated\n" for name in names))

    def _row(self, name: str, state: str, pid: int) -> str:
        uptime = f"0:00:{9 + 10 * self.system.monotonic():04.0f}"  # counts on: no two listings are the same
        detail = (
            f"pid {pid}, uptime {uptime}" if state == "RUNNING" else self.words.get(name, "Nov 23 10:00 PM")
        )
        return f"{name:<20} {state:<9} {detail}\n"
