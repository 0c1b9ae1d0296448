"""What goes on in an in-memory machine while its clock does: restarters that act, health that changes."""

import posixpath

from ghostfix.model.process import ProcessState
from ghostfix.model.snapshot import HttpAnswer
from tests.fake_crontab import FakeCrontab
from tests.fake_system import FakeSystem


class Restarting:
    """Starts a command every so often where too few run, while its loop runs or its crontab line stands."""

    def __init__(
        self,
        system: FakeSystem,
        *,
        argv: tuple[str, ...],
        cwd: str,
        every: float,
        at_least: int = 1,
        loop: int | None = None,
        crontab: FakeCrontab | None = None,
        crontab_of: str = "",
        line: str = "",
        listens: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.system, self.argv, self.cwd, self.every, self.at_least = system, argv, cwd, every, at_least
        self.loop, self.crontab, self.crontab_of, self.line = loop, crontab, crontab_of, line
        self.listens = listens
        self.started: list[int] = []
        """The PIDs of what it started."""
        self._due = system.monotonic() + every
        system.after_each_tick.append(self._tick)

    @property
    def armed(self) -> bool:
        """Whether nobody holds it."""
        if self.loop is not None:
            process = self.system.process(self.loop)
            return process is not None and process.state not in (ProcessState.STOPPED, ProcessState.ZOMBIE)
        if self.crontab is None:
            return True
        lines = self.crontab.tabs.get(self.crontab_of, b"").decode().splitlines()
        return any(self.line in line and not line.lstrip().startswith("#") for line in lines)

    def _tick(self) -> None:
        if self.system.monotonic() < self._due - 1e-9:
            return
        self._due += self.every
        # What runs the same program with whichever interpreter counts.
        running = self.system.running(*self.argv[1:])
        if not self.armed or len(running) >= self.at_least:
            return
        parent = self.loop if self.loop is not None else 1
        pid = self.system.next_pid()
        self.system.add_process(pid, self.argv, parent, cwd=self.cwd, started=self.system.now())
        taken = {(socket.address, socket.port) for socket in self.system.sockets}
        for address in self.listens:
            if address not in taken:
                self.system.listen(pid, address)
        self.started.append(pid)


class HealthPage:
    """Says that all is well once exactly one instance runs, and that one with the right interpreter."""

    def __init__(
        self, system: FakeSystem, url: str, sick: str, well: str, runs: tuple[str, ...], python: str
    ) -> None:
        self.system, self.url, self.sick, self.well, self.runs = system, url, sick, well, runs
        self.folder = posixpath.dirname(python)

    def __call__(self, _: bytes) -> HttpAnswer:
        running = self.system.running(*self.runs)
        fine = len(running) == 1 and posixpath.dirname(running[0].argv[0]) == self.folder
        return HttpAnswer(url=self.url, status=200, body=self.well if fine else self.sick, elapsed=0.01)
