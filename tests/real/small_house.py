"""A small house with two ghosts in it: a repair takes a second or two there, and can be disturbed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.real.ghost_house import GhostHouse, free_port, wait_until

RUNNER = """
import http.server, os, signal, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
stubborn = "stubborn" in sys.argv
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(2):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
open(f"up-{os.getpid()}", "w").close()
if not stubborn:
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
while True:
    signal.pause()
"""
PIDFILE = b"4194304\n"


@dataclass
class SmallHouse(GhostHouse):
    """Two ghosts that do not listen, hear no TERM and do not reap, and a PID file that names nobody."""

    bystander: int = 0
    pid_file: Path = field(default_factory=Path)

    def ghost_pids(self) -> list[int]:
        found = []
        for process in self.inhabitants():
            with contextlib.suppress(psutil.Error):  # it ends between the two looks
                if any("run.py" in word for word in process.cmdline()):
                    found.append(process.pid)
        return sorted(found)

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """A repair that goes on while the test goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "ghostfix", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def runs(self) -> list[str]:
        """The ids of the runs that began, the oldest first."""
        folder = self.folder / "state/ghostfix/runs"
        found = [path.parent.name for path in folder.glob("*/journal.jsonl") if b"\n" in path.read_bytes()]
        return sorted(found)

    def journal(self, run: str) -> str:
        return (self.folder / f"state/ghostfix/runs/{run}/journal.jsonl").read_text()

    def haunt(self) -> None:
        """Brings the house into the state that a repair is for."""
        ghosts = [self.start(sys.executable, "-S", "run.py", str(self.port), "stubborn") for _ in range(2)]
        for ghost in ghosts:
            wait_until((self.folder / f"up-{ghost.pid}").exists, 20, "a ghost that is up")

    def restore(self) -> None:
        """Whatever an earlier disturbance left: none runs, and the PID file lies there as it did."""
        for pid in self.ghost_pids():
            with contextlib.suppress(ProcessLookupError):
                if pid > 1:
                    os.kill(pid, signal.SIGKILL)
        for child in self.started:
            if child.pid != self.bystander:
                child.wait(10)
        wait_until(lambda: not self.ghost_pids(), 10, "no ghosts")
        for aside in self.folder.glob("ghost.pid.ghostfix-*"):
            aside.unlink()
        self.pid_file.write_bytes(PIDFILE)
        os.utime(self.pid_file, (1_600_000_000, 1_600_000_000))


@contextlib.contextmanager
def small_house(folder: Path) -> Iterator[SmallHouse]:
    """The house, closed again at the end."""
    house = SmallHouse(folder, free_port())
    house.write("run.py", RUNNER)
    house.pid_file = house.write("ghost.pid", PIDFILE.decode())
    house.write(
        "ghostfix.toml",
        f"""
[services.ghost]
script = "run.py"
pidfiles = ["ghost.pid"]
ports = [{house.port}]
logs = ["ghost.log"]
start = ["{sys.executable}", "-S", "run.py", "{house.port}"]
stop = {{ signal = "TERM", grace = 0.5 }}
health = {{ url = "http://127.0.0.1:{house.port}/health", timeout = 1 }}

[services.ghost.limits]
processes = 100000
zombies = 1
load_per_cpu = 1000
memory_percent = 100
disk_percent = 100
""",
    )
    try:
        house.bystander = house.start("/bin/sleep", "1000").pid
        house.restore()
        yield house
    finally:
        house.close()


def reason_of(stderr: str) -> str:
    """Standard error as one line, colours and line breaks taken out."""
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", stderr))
